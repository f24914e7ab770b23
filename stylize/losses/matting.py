"""Photorealism (Luan et al. 2017): in every small window colours are affine in the content's."""

from typing import Any

import torch
from torch import Tensor

from stylize.solvers.affinity import as_tensor, laplacian, matting_affinity


def matting_laplacian(content: Tensor) -> Tensor:
    """The matting Laplacian of a picture, built in float64.

    Args:
        content: (3, H, W) sRGB in [0, 1], sides >= 3.

    Returns:
        (HW, HW) sparse CSR with the dtype and on the device of `content`; symmetric.
    """
    picture = content.detach().permute(1, 2, 0).double().cpu().contiguous().numpy()
    matrix = as_tensor(laplacian(matting_affinity(picture)))
    return matrix.to(content.device, content.dtype)


def matting_energy(image: Tensor, matrix: Tensor) -> Tensor:
    """Σ_c V_cᵀ L V_c over the number of pixels (the paper sums, so that λ grows with the picture).

    0 for every affine recolouring of the content; it sees neither those nor detail in flat areas.

    Args:
        image: V, (3, H, W).
        matrix: L, `matting_laplacian` of the content.

    Returns:
        A scalar with a gradient, 2 L V over the number of pixels.
    """
    energy: Tensor = _Quadratic.apply(image.flatten(1).T.contiguous(), matrix)
    return energy / image[0].numel()


class _Quadratic(torch.autograd.Function):
    """Σ_c V_cᵀ L V_c of V (N, C); autograd would transpose L, which is symmetric."""

    @staticmethod
    def forward(context: Any, values: Tensor, matrix: Tensor) -> Tensor:
        image = matrix @ values
        context.save_for_backward(image)
        return (values * image).sum()

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (image,) = context.saved_tensors
        return 2 * gradients[0] * image, None
