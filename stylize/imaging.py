"""Bytes to checked sRGB arrays and back: the only opener of images.

Uploads are checked in the web process, hence Pillow and numpy but no torch. Everything that
comes in leaves as 8-bit sRGB without metadata; what cannot is refused in one sentence.
"""

import hashlib
import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from stylize.record import Depth

MIN_SIDE = 16
MAX_SIDE = 20_000
MAX_PIXELS = 50_000_000
MAX_ASPECT = 8  # a picture of 128 px must leave methods their 16 px on the short side
ACCEPTED = ("JPEG", "PNG", "WEBP", "TIFF", "BMP")
THUMBNAIL_TYPE = "image/webp"

Array = NDArray[np.uint8]
Planes = NDArray[np.float32]

# What Pillow's decoders raise on damaged data (TypeError: a TIFF without dimensions, found by
# random damage to files of each kind); anything else is a bug and must be seen.
DECODING_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, EOFError, struct.error, zlib.error
)  # fmt: skip


class ImageRefused(ValueError):
    """An upload that is no usable picture; the message says what came and what would be right."""


def read(data: bytes, *, longest: int | None = None, max_pixels: int = MAX_PIXELS) -> Array:
    """Open a picture.

    The size in the header is checked before anything is decoded. EXIF orientation and colour
    profile are applied, CMYK, grey, palette and 16-bit pictures become 8-bit RGB (16-bit colour
    keeps its high byte), transparency is laid over white, metadata is dropped. Of a multi-picture
    JPEG (as phones write) the main picture is taken; animations and multi-page files are refused.

    Args:
        data: a JPEG, PNG, WebP, TIFF or BMP file.
        longest: reduce to this longer side in px; never enlarges.
        max_pixels: more are refused, by the header.

    Returns:
        (H, W, 3) uint8 sRGB.

    Raises:
        ImageRefused: with one sentence.
    """
    image = _opened(data, max_pixels)
    width, height = image.size
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise ImageRefused(
            f"The picture is {width}×{height} px; "
            f"one side may be at most {MAX_ASPECT} times the other."
        )
    image = _to_srgb(_decoded(image))
    if longest is not None and longest < max(image.size):
        image = image.resize(_size(image.size, longest), Image.Resampling.LANCZOS)
    return np.array(image)


def read_label_png(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Array:
    """Open a mask.

    Args:
        data: PNG of mode L (grey value = label), P (palette index = label) or 1.
        max_pixels: more are refused, by the header.

    Returns:
        (H, W) uint8 labels.

    Raises:
        ImageRefused: with one sentence.
    """
    image = _opened(data, max_pixels)
    if image.format != "PNG" or image.mode not in ("L", "P", "1"):
        raise ImageRefused(
            f"A mask came as {image.format} of mode {image.mode}; "
            "it must be a PNG with one label per pixel: 8-bit grey or palette."
        )
    return np.array(_decoded(image), dtype=np.uint8)


def read_depth_png(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Depth:
    """Open a depth map: black is near, white is far.

    Args:
        data: PNG of grey values, of up to 8 bits or of 16.
        max_pixels: more are refused, by the header.

    Returns:
        (H, W) float32 in [0, 1], 0 near and 1 far.

    Raises:
        ImageRefused: with one sentence, also when it has one value everywhere.
    """
    image = _opened(data, max_pixels)
    if image.format != "PNG" or image.mode not in ("L", "I;16", "1"):
        raise ImageRefused(
            f"A depth map came as {image.format} of mode {image.mode}; "
            "it must be a PNG of grey values, 8 or 16 bits, black near and white far."
        )
    white = {"L": 255, "I;16": 65_535, "1": 1}[image.mode]
    depth = np.asarray(_decoded(image)).astype(np.float32) / np.float32(white)
    if depth.min() == depth.max():
        raise ImageRefused(
            "The depth map has one value everywhere; it must tell near from far, "
            "black near and white far."
        )
    return depth


def _opened(data: bytes, max_pixels: int) -> Image.Image:
    """Read the header and check format, size and number of pictures; decodes nothing."""
    try:
        image = Image.open(io.BytesIO(data), formats=ACCEPTED)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageRefused(_too_large("has far too many pixels", max_pixels)) from error
    except DECODING_ERRORS as error:
        raise ImageRefused(
            f"The file is {_what_came(data)}; it must be a JPEG, PNG, WebP, TIFF or BMP picture."
        ) from error
    width, height = image.size
    if width * height > max_pixels or max(width, height) > MAX_SIDE:
        raise ImageRefused(_too_large(f"is {width}×{height} px", max_pixels))
    if min(width, height) < MIN_SIDE:
        raise ImageRefused(
            f"The picture is {width}×{height} px; each side must be at least {MIN_SIDE} px."
        )
    frames = _frames(image)
    if frames > 1 and image.format != "MPO":
        raise ImageRefused(f"The file holds {frames} pictures; it must hold one still picture.")
    return image


def _frames(image: Image.Image) -> int:
    """How many pictures the file holds; to count them Pillow reads on."""
    try:
        return int(getattr(image, "n_frames", 1))
    except DECODING_ERRORS as error:
        raise _damaged(image, error) from error


def _damaged(image: Image.Image, error: Exception) -> ImageRefused:
    return ImageRefused(
        f"The {image.format} file is cut short or damaged ({error}); send it again whole."
    )


def _too_large(what: str, max_pixels: int) -> str:
    return (
        f"The picture {what}; it may have at most {max_pixels / 1_000_000:g} million pixels "
        f"and {MAX_SIDE} px on a side."
    )


def _what_came(data: bytes) -> str:
    head = data[:512].lstrip()
    if not data:
        return "empty"
    if b"<svg" in head.lower() or head.startswith(b"<?xml"):
        return "an SVG or XML drawing"
    if head.startswith(b"GIF8"):
        return "a GIF"
    if data[4:8] == b"ftyp":
        return "a HEIC, AVIF or video file"
    if all(byte >= 32 or byte in b"\t\r\n\f" for byte in head):
        return "text"
    return "damaged or of an unknown kind"


def _decoded(image: Image.Image) -> Image.Image:
    try:
        image.load()
        return ImageOps.exif_transpose(image)
    except DECODING_ERRORS as error:
        raise _damaged(image, error) from error


def _to_srgb(image: Image.Image) -> Image.Image:
    """Colour profile, then transparency: white in the profile's space would not be white."""
    profile = image.info.get("icc_profile")
    image = _to_eight_bits(image)
    alpha = None
    if image.mode in ("LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode == "RGBA":
        alpha = image.getchannel("A")
        image = image.convert("RGB")
    elif image.mode not in ("L", "RGB", "CMYK", "LAB"):
        image = image.convert("RGB")  # 1, P, YCbCr, HSV, RGBX
    if profile:
        image = _profiled(image, profile)
    elif image.mode != "RGB":
        image = image.convert("RGB")
    if alpha is None:
        return image
    over = Image.new("RGB", image.size, "white")
    over.paste(image, mask=alpha)
    return over


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Integer greys of more than 8 bits to mode L: 0..65535 to 0..255."""
    if image.mode == "F":
        raise ImageRefused("The picture has floating-point values; save it with 8 or 16 bits.")
    if not image.mode.startswith("I"):
        return image
    values = np.asarray(image).astype(np.int32)
    if values.min() < 0 or values.max() > 65_535:
        raise ImageRefused("The grey values exceed 16 bits; save the picture with 8 or 16 bits.")
    values += 128
    values //= 257
    return Image.fromarray(values.astype(np.uint8))


def _profiled(image: Image.Image, profile: bytes) -> Image.Image:
    """Apply an embedded ICC profile."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if image.mode == "L" and source.profile.xcolor_space.strip() == "RGB":
            image = image.convert("RGB")  # grey files often carry the profile of their editor
        converted = ImageCms.profileToProfile(
            image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError) as error:
        raise ImageRefused(
            f"The colour profile does not fit the picture ({error}); save it as sRGB."
        ) from error
    if converted is None:
        raise ImageRefused("The colour profile cannot be applied; save the picture as sRGB.")
    return converted


def resize_to_longest(array: Array, longest: int, enlarge: bool = False) -> Array:
    """Resize so that the longer side is `longest` px, antialiased (Lanczos), aspect kept.

    Args:
        array: (H, W, 3) or (H, W) uint8.
        longest: px, at least 1.
        enlarge: also enlarge smaller pictures; otherwise those come back as they are.
    """
    height, width = array.shape[:2]
    if longest < 1:
        raise ValueError(f"longest: came {longest}, must be at least 1")
    if max(height, width) == longest or (max(height, width) < longest and not enlarge):
        return array
    size = _size((width, height), longest)
    return np.array(Image.fromarray(array).resize(size, Image.Resampling.LANCZOS))


def _size(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """Width and height with `longest` px on the longer side."""
    scale = longest / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def resize_labels(labels: Array, height: int, width: int) -> Array:
    """(height, width) labels, each the one at its place in (H, W) `labels`."""
    rows = ((np.arange(height) + 0.5) * (labels.shape[0] / height)).astype(int)
    columns = ((np.arange(width) + 0.5) * (labels.shape[1] / width)).astype(int)
    nearest: Array = labels[rows[:, None], columns]
    return nearest


def resize_depth(depth: Depth, height: int, width: int) -> Depth:
    """(H, W) depth at (height, width), antialiased; no value is beyond those that were there."""
    if depth.shape == (height, width):
        return depth
    small = Image.fromarray(depth).resize((width, height), Image.Resampling.BILINEAR)
    return np.array(small, dtype=np.float32)


def encode_png(array: Array) -> bytes:
    """Write a PNG whose bytes depend on the pixels alone.

    Chunks are IHDR, one IDAT and IEND whatever the content, so that the layout of a file tells
    nothing about how its picture was made. Every row uses the Paeth filter (PNG, 9.4).

    Args:
        array: (H, W, 3) uint8 sRGB.
    """
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise ValueError(f"array: {array.dtype} {array.shape}, must be uint8 (H, W, 3)")
    height, width = array.shape[:2]
    padded = np.zeros((height + 1, width + 1, 3), dtype=np.int16)
    padded[1:, 1:] = array
    left, above, corner = padded[1:, :-1], padded[:-1, 1:], padded[:-1, :-1]
    by_left, by_above = np.abs(above - corner), np.abs(left - corner)
    by_corner = np.abs(left + above - 2 * corner)
    guess = np.where(
        (by_left <= by_above) & (by_left <= by_corner),
        left,
        np.where(by_above <= by_corner, above, corner),
    )
    rows = (padded[1:, 1:] - guess).astype(np.uint8).reshape(height, width * 3)
    return _png(width, height, 2, 8, np.insert(rows, 0, 4, axis=1))


def encode_label_png(labels: Array) -> bytes:
    """Write a mask, (H, W) uint8 labels, as an 8-bit grey PNG."""
    if labels.dtype != np.uint8 or labels.ndim != 2:
        raise ValueError(f"labels: {labels.dtype} {labels.shape}, must be uint8 (H, W)")
    height, width = labels.shape
    return _png(width, height, 0, 8, np.insert(labels, 0, 0, axis=1))


def encode_depth_png(depth: Depth) -> bytes:
    """Write a depth map, (H, W) float32 in [0, 1], as a 16-bit grey PNG: black near, white far."""
    height, width = depth.shape
    values = np.rint(depth * np.float32(65_535)).astype(">u2")
    rows = values.view(np.uint8).reshape(height, 2 * width)
    return _png(width, height, 0, 16, np.insert(rows, 0, 0, axis=1))


def _png(width: int, height: int, colour_type: int, bits: int, rows: Array) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def thumbnail(array: Array, longest: int = 256) -> bytes:
    """A small WebP (`THUMBNAIL_TYPE`) of (H, W, 3) uint8, for lists."""
    buffer = io.BytesIO()
    small = Image.fromarray(resize_to_longest(array, longest))
    small.save(buffer, "WEBP", quality=85, method=4)
    return buffer.getvalue()


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256 of a file."""
    return hashlib.sha256(data).hexdigest()


def to_planes(array: Array) -> Planes:
    """(H, W, 3) uint8 to (3, H, W) float32 in [0, 1], contiguous."""
    return np.ascontiguousarray(array.transpose(2, 0, 1), dtype=np.float32) / np.float32(255)


def from_planes(planes: Planes) -> Array:
    """(3, H, W) float32 in [0, 1] to (H, W, 3) uint8, rounded half to even.

    Raises:
        ValueError: on NaN or values outside [0, 1].
    """
    if not (np.isfinite(planes).all() and planes.min() >= 0 and planes.max() <= 1):
        raise ValueError("planes: values must be finite and in [0, 1]")
    levels = np.rint(planes.transpose(1, 2, 0) * np.float32(255))
    return np.asarray(levels, dtype=np.uint8)
