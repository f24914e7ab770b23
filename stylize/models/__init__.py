"""What is made: images, scenes, recipes, batches and renderings, and the workers that make them."""

from stylize.models.batch import Batch, Progress
from stylize.models.image import Image
from stylize.models.owned import Owned, OwnedQuerySet, random_path
from stylize.models.recipe import Recipe, RecipeNotEditable
from stylize.models.rendering import LEASE, Rendering, sweep
from stylize.models.scene import Scene, SceneNotEditable, SceneStyle
from stylize.models.worker import Weights, Worker

__all__ = [
    "LEASE",
    "Batch",
    "Image",
    "Owned",
    "OwnedQuerySet",
    "Progress",
    "Recipe",
    "RecipeNotEditable",
    "Rendering",
    "Scene",
    "SceneNotEditable",
    "SceneStyle",
    "Weights",
    "Worker",
    "random_path",
    "sweep",
]
