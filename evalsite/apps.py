from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "evalsite"
    verbose_name = "Site"
