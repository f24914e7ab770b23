"""The researcher's pages for making: one file per noun."""

from stylize.admin.batches import BatchAdmin
from stylize.admin.images import ImageAdmin
from stylize.admin.owned import OwnedAdmin, OwnedForm
from stylize.admin.recipes import RecipeAdmin
from stylize.admin.renderings import RenderingAdmin
from stylize.admin.scenes import SceneAdmin
from stylize.admin.weights import WeightsAdmin
from stylize.admin.workers import WorkerAdmin

__all__ = [
    "BatchAdmin",
    "ImageAdmin",
    "OwnedAdmin",
    "OwnedForm",
    "RecipeAdmin",
    "RenderingAdmin",
    "SceneAdmin",
    "WeightsAdmin",
    "WorkerAdmin",
]
