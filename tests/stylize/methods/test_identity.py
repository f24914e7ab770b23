"""The hidden reference is the content, to the bit."""

import torch

from stylize.methods.identity import METHOD
from stylize.record import Run


def test_identity_returns_the_content_in_a_tensor_of_its_own() -> None:
    contents = torch.rand(2, 3, 20, 30)
    result = METHOD.apply(contents, 1 - contents, METHOD.parameters(), Run(0))
    assert torch.equal(result, contents)
    assert result.data_ptr() != contents.data_ptr()
