"""The researcher's pages for making: one file per noun."""

from stylize.admin.owned import OwnedAdmin, OwnedForm

__all__ = ["OwnedAdmin", "OwnedForm"]
