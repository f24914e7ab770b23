# The image that compose.yaml builds: the locked packages, then the code.
FROM python:3.13-slim
WORKDIR /app
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN useradd --create-home paragone && mkdir -p var && chown paragone var
USER paragone
ENV PYTHONUNBUFFERED=1
CMD ["gunicorn", "evalsite.wsgi", "--bind", "0.0.0.0:8000", "--workers", "4"]
