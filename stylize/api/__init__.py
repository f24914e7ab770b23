"""The making API, included at `api/`."""

from rest_framework.routers import SimpleRouter

from stylize.api import views

router = SimpleRouter()
router.register("images", views.ImageViewSet, "image")
router.register("scenes", views.SceneViewSet, "scene")
router.register("methods", views.MethodViewSet, "method")
router.register("encoders", views.EncoderViewSet, "encoder")
router.register("recipes", views.RecipeViewSet, "recipe")
router.register("batches", views.BatchViewSet, "batch")
router.register("renderings", views.RenderingViewSet, "rendering")
urlpatterns = router.urls
