"""What comes in as a picture: converted rightly or refused in a sentence; what goes out."""

import io
import struct
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

from stylize import imaging

Array = NDArray[np.uint8]


def picture(height: int = 40, width: int = 60, seed: int = 0) -> Array:
    """Smooth enough for JPEG to keep, different in every corner and channel."""
    y, x = np.mgrid[0:height, 0:width]
    shade = np.random.default_rng(seed).integers(0, 40)
    planes = [x * 200 // width + shade, y * 200 // height + shade, (x + y) % 97 + shade]
    return np.stack(planes, -1).astype(np.uint8)


def file(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunks(png: bytes) -> list[bytes]:
    found, place = [], 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        found.append(png[place + 4 : place + 8])
        place += 12 + length
    return found


# Refusals.


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"To whom it may concern,\nthis is a letter.", "text"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"  <svg width='9' height='9'></svg>", "SVG"),
        (b"\x00\x01\x02\x03" * 50, "unknown kind"),
        (b"\x00\x00\x00\x18ftypheic" + b"\x00" * 50, "HEIC"),
    ],
)
def test_read_when_data_is_no_accepted_picture_names_what_came(data: bytes, word: str) -> None:
    with pytest.raises(imaging.ImageRefused, match=word) as refusal:
        imaging.read(data)
    assert "JPEG, PNG, WebP, TIFF or BMP" in str(refusal.value)


def test_read_when_gif_is_refused_by_name() -> None:
    with pytest.raises(imaging.ImageRefused, match="a GIF"):
        imaging.read(file(Image.fromarray(picture()), "GIF"))


@pytest.mark.parametrize("side", [50_000, 12_000])
def test_read_when_header_claims_too_many_pixels_refuses_without_memory(side: int) -> None:
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + header
    chunk += struct.pack(">I", zlib.crc32(b"IHDR" + header))
    body = zlib.compress(b"\0" * 1000)
    rest = struct.pack(">I", len(body)) + b"IDAT" + body + b"\0\0\0\0"
    tracemalloc.start()
    with pytest.raises(imaging.ImageRefused, match="at most 50 million pixels"):
        imaging.read(b"\x89PNG\r\n\x1a\n" + chunk + rest)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize(("kind", "share"), [("JPEG", 0.6), ("PNG", 0.6), ("WEBP", 0.6)])
def test_read_when_file_is_cut_short_says_so(kind: str, share: float) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    data = file(Image.fromarray(noise), kind)
    with pytest.raises(imaging.ImageRefused, match=r"damaged"):
        imaging.read(data[: int(len(data) * share)])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["JPEG", "PNG", "TIFF", "WEBP", "BMP"]), st.integers(0, 10**6), st.data())
def test_read_when_bytes_are_corrupted_reads_or_refuses_and_never_crashes(
    kind: str, seed: int, data: st.DataObject
) -> None:
    broken = bytearray(file(Image.fromarray(picture()), kind))
    rng = np.random.default_rng(seed)
    for place in rng.integers(0, len(broken), data.draw(st.integers(1, 30))):
        broken[place] = rng.integers(0, 256)
    try:
        array = imaging.read(bytes(broken))
    except imaging.ImageRefused:
        return
    assert array.dtype == np.uint8
    assert array.ndim == 3


@pytest.mark.parametrize(("kind", "options"), [("WEBP", {}), ("PNG", {}), ("TIFF", {})])
def test_read_when_file_holds_several_pictures_refuses(kind: str, options: dict) -> None:
    frames = [Image.fromarray(picture(seed=seed)) for seed in range(3)]
    data = file(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    with pytest.raises(imaging.ImageRefused, match="3 pictures"):
        imaging.read(data)


def test_read_when_too_small_or_too_long_refuses() -> None:
    with pytest.raises(imaging.ImageRefused, match="at least 16 px"):
        imaging.read(file(Image.fromarray(picture(15, 40)), "PNG"))
    with pytest.raises(imaging.ImageRefused, match="at most 8 times"):
        imaging.read(file(Image.fromarray(picture(16, 129)), "PNG"))
    assert imaging.read(file(Image.fromarray(picture(16, 128)), "PNG")).shape == (16, 128, 3)


def test_read_when_values_are_floating_point_refuses() -> None:
    with pytest.raises(imaging.ImageRefused, match="8 or 16 bits"):
        imaging.read(file(Image.fromarray(np.ones((20, 20), np.float32)), "TIFF"))


def test_read_when_profile_is_broken_refuses() -> None:
    data = file(Image.fromarray(picture()), "PNG", icc_profile=b"no profile at all")
    with pytest.raises(imaging.ImageRefused, match="colour profile"):
        imaging.read(data)


# Conversions.


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_read_when_lossless_rgb_returns_the_pixels(kind: str) -> None:
    np.testing.assert_array_equal(imaging.read(file(Image.fromarray(picture()), kind)), picture())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_read_when_exif_says_rotated_turns_the_picture(orientation: int) -> None:
    turned = {
        1: picture(),
        2: picture()[:, ::-1],
        3: picture()[::-1, ::-1],
        4: picture()[::-1],
        5: picture().transpose(1, 0, 2),
        6: np.rot90(picture(), -1),
        7: np.rot90(picture().transpose(1, 0, 2), 2),
        8: np.rot90(picture(), 1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = file(Image.fromarray(picture()), "PNG", exif=exif)
    np.testing.assert_array_equal(imaging.read(data), turned[orientation])


def test_read_when_grey_has_16_bits_scales_to_8() -> None:
    levels = np.repeat(np.arange(256, dtype=np.uint16)[None] * 257, 40, 0)
    for kind in ("PNG", "TIFF"):
        array = imaging.read(file(Image.fromarray(levels), kind))
        np.testing.assert_array_equal(array[0, :, 0], np.arange(256))
        np.testing.assert_array_equal(array[..., 0], array[..., 2])


def test_read_when_colour_has_16_bits_keeps_the_high_byte() -> None:
    wide = picture().astype(np.uint16) * 257
    raw = np.insert(wide.astype(">u2").view(np.uint8).reshape(40, -1), 0, 0, axis=1)
    header = struct.pack(">IIBBBBB", 60, 40, 16, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for name, body in ((b"IHDR", header), (b"IDAT", zlib.compress(raw.tobytes())), (b"IEND", b"")):
        data += struct.pack(">I", len(body)) + name + body
        data += struct.pack(">I", zlib.crc32(name + body))
    np.testing.assert_array_equal(imaging.read(data), picture())


def test_read_when_cmyk_jpeg_gives_the_colours_back() -> None:
    flat = np.full((32, 32, 3), (200, 60, 30), np.uint8)
    data = file(Image.fromarray(flat).convert("CMYK"), "JPEG", quality=95)
    assert np.abs(imaging.read(data).astype(int) - flat).max() <= 4


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_read_when_transparent_lays_it_over_white(mode: str) -> None:
    image = Image.fromarray(np.full((20, 20, 3), 100, np.uint8)).convert(mode)
    image.putalpha(Image.fromarray(np.tile(np.uint8([0, 51, 255, 255]), (20, 5))))
    array = imaging.read(file(image, "PNG"))
    np.testing.assert_array_equal(array[0, :3, 0], [255, round(255 * 0.8 + 100 * 0.2), 100])


def test_read_when_palette_has_a_transparent_colour_lays_it_over_white() -> None:
    image = Image.fromarray(np.tile(np.uint8([0, 1]), (20, 10)), "P")
    image.putpalette([10, 20, 30, 40, 50, 60])
    array = imaging.read(file(image, "PNG", transparency=1))
    np.testing.assert_array_equal(array[0, :2], [[10, 20, 30], [255, 255, 255]])


def test_read_when_profile_is_embedded_converts_to_srgb() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB", colorTemp=6500))
    grey = Image.new("LAB", (20, 20), (137, 128, 128))  # L* 53.7: sRGB mid grey
    array = imaging.read(file(grey, "TIFF", icc_profile=lab.tobytes()))
    assert np.abs(array.astype(int) - 128).max() <= 4


def test_read_when_profile_is_srgb_changes_nothing_visible() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for image in (Image.fromarray(picture()), Image.fromarray(picture()).convert("L")):
        data = file(image, "PNG", icc_profile=profile)
        plain = np.asarray(image.convert("RGB")).astype(int)
        assert np.abs(imaging.read(data) - plain).max() <= 1


def test_read_when_longest_is_given_reduces_but_never_enlarges() -> None:
    data = file(Image.fromarray(picture(120, 200)), "PNG")
    assert imaging.read(data, longest=100).shape == (60, 100, 3)
    assert imaging.read(data, longest=999).shape == (120, 200, 3)


# Masks.


@pytest.mark.parametrize("spoil", [lambda d: d[:-40], lambda d: d[:90] + bytes(9) + d[99:]])
def test_read_label_png_when_damaged_refuses(spoil: Callable[[bytes], bytes]) -> None:
    labels = np.random.default_rng(0).integers(0, 9, (40, 40), dtype=np.uint8)
    with pytest.raises(imaging.ImageRefused, match="PNG file is cut short or damaged"):
        imaging.read_label_png(spoil(imaging.encode_label_png(labels)))


def test_read_when_a_tiff_s_second_page_has_no_size_refuses() -> None:
    data = bytearray(file(Image.fromarray(picture()), "TIFF"))
    (start,) = struct.unpack("<I", data[4:8])
    (count,) = struct.unpack("<H", data[start : start + 2])
    data += bytes(len(data) % 2)
    struct.pack_into("<I", data, start + 2 + 12 * count, len(data))
    with pytest.raises(imaging.ImageRefused, match="damaged"):
        imaging.read(bytes(data) + bytes(6))


def test_label_png_round_trip_keeps_every_label() -> None:
    labels = np.arange(400, dtype=np.uint16).reshape(20, 20).astype(np.uint8)
    np.testing.assert_array_equal(imaging.read_label_png(imaging.encode_label_png(labels)), labels)


def test_read_label_png_when_palette_returns_indices() -> None:
    labels = np.tile(np.uint8([0, 3]), (20, 10))
    image = Image.fromarray(labels, "P")
    image.putpalette([0, 0, 0] * 3 + [255, 0, 0])
    np.testing.assert_array_equal(imaging.read_label_png(file(image, "PNG")), labels)


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "L"), ("PNG", "RGB")])
def test_read_label_png_when_no_label_map_refuses(kind: str, mode: str) -> None:
    with pytest.raises(imaging.ImageRefused, match="one label per pixel"):
        imaging.read_label_png(file(Image.fromarray(picture()).convert(mode), kind))


# What goes out.


def test_depth_png_round_trip_keeps_16_bits() -> None:
    depth = np.random.default_rng(0).random((17, 23), np.float32)
    data = imaging.encode_depth_png(depth)
    assert Image.open(io.BytesIO(data)).mode == "I;16"
    again = imaging.read_depth_png(data)
    np.testing.assert_allclose(again, depth, atol=1 / 65_535)
    assert imaging.encode_depth_png(again) == data


@pytest.mark.parametrize(("mode", "white"), [("L", 255), ("I;16", 65_535), ("1", 255)])
def test_read_depth_png_has_black_near_and_white_far(mode: str, white: int) -> None:
    values = np.zeros((16, 20), np.uint16 if mode == "I;16" else np.uint8)
    values[:, 10:] = white
    image = Image.fromarray(values)
    depth = imaging.read_depth_png(file(image if mode != "1" else image.convert("1"), "PNG"))
    assert (depth.dtype, depth[0, 0], depth[0, -1]) == (np.float32, 0, 1)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (file(Image.fromarray(picture()), "PNG"), "came as PNG of mode RGB; it must be a PNG of"),
        (file(Image.fromarray(picture()[..., 0]), "JPEG"), "came as JPEG of mode L"),
        (file(Image.new("L", (20, 16), 90), "PNG"), "has one value everywhere"),
        (b"hello", "The file is text"),
    ],
)
def test_read_depth_png_when_it_is_no_depth_map_refuses(data: bytes, message: str) -> None:
    with pytest.raises(imaging.ImageRefused, match=message):
        imaging.read_depth_png(data)


def test_resize_depth_is_antialiased_and_within_the_values_that_were_there() -> None:
    stripes = np.tile(np.array([0.2, 0.8], np.float32), (16, 32))
    assert imaging.resize_depth(stripes, 16, 64) is stripes
    np.testing.assert_allclose(imaging.resize_depth(stripes, 8, 16)[:, 1:-1], 0.5, atol=0.03)
    large = imaging.resize_depth(stripes, 50, 300)
    assert large.min() >= stripes.min()
    assert large.max() <= stripes.max()


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 10**6))
def test_encode_png_round_trip_is_exact_for_any_size(height: int, width: int, seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    opened = np.asarray(Image.open(io.BytesIO(imaging.encode_png(noise))))
    np.testing.assert_array_equal(opened, noise)


def test_encode_png_layout_tells_nothing_about_the_content() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (600, 800, 3), dtype=np.uint8)
    flat = np.full((600, 800, 3), 77, np.uint8)
    for array in (noise, flat, picture(600, 800)):
        data = imaging.encode_png(array)
        assert chunks(data) == [b"IHDR", b"IDAT", b"IEND"]
        assert data[:33] == imaging.encode_png(flat)[:33]
        assert data == imaging.encode_png(array.copy())


def test_encode_png_when_smooth_is_smaller_than_half() -> None:
    assert len(imaging.encode_png(picture(200, 300))) < 0.5 * 200 * 300 * 3


@pytest.mark.parametrize("wrong", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)])
def test_encode_png_when_array_is_wrong_names_it(wrong: NDArray) -> None:
    with pytest.raises(ValueError, match="array"):
        imaging.encode_png(wrong)


@settings(max_examples=40, deadline=None)
@given(st.integers(16, 90), st.integers(16, 90), st.integers(16, 120), st.booleans())
def test_resize_to_longest_meets_the_size_and_keeps_the_aspect(
    height: int, width: int, longest: int, enlarge: bool
) -> None:
    resized = imaging.resize_to_longest(picture(height, width), longest, enlarge)
    if max(height, width) < longest and not enlarge:
        assert resized.shape == (height, width, 3)
        return
    assert max(resized.shape[:2]) == longest
    scale = longest / max(height, width)
    assert abs(resized.shape[0] - height * scale) <= 0.5
    assert abs(resized.shape[1] - width * scale) <= 0.5


def test_resize_to_longest_when_fine_stripes_are_reduced_averages_them() -> None:
    stripes = np.zeros((64, 256, 3), np.uint8)
    stripes[:, ::2] = 255
    inner = imaging.resize_to_longest(stripes, 64)[4:-4, 4:-4]
    assert np.abs(inner.astype(int) - 128).max() <= 3  # aliasing would give 0 or 255


def test_thumbnail_is_a_small_webp_of_the_same_picture() -> None:
    image = Image.open(io.BytesIO(imaging.thumbnail(picture(300, 400), 128)))
    assert (image.format, image.size) == ("WEBP", (128, 96))
    assert imaging.thumbnail(picture()) == imaging.thumbnail(picture())


def test_planes_round_trip_is_exact_for_every_level() -> None:
    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    planes = imaging.to_planes(levels)
    assert planes.dtype == np.float32
    assert planes.shape == (3, 16, 16)
    assert planes.flags.c_contiguous
    np.testing.assert_array_equal(imaging.from_planes(planes), levels)


@pytest.mark.parametrize("wrong", [np.nan, -0.01, 1.01, np.inf])
def test_from_planes_when_values_cannot_be_shown_refuses(wrong: float) -> None:
    planes = np.full((3, 4, 4), 0.5, np.float32)
    planes[1, 2, 3] = wrong
    with pytest.raises(ValueError, match="planes"):
        imaging.from_planes(planes)


def test_sha256_is_that_of_the_standard() -> None:
    # FIPS 180-2, appendix B.1.
    assert imaging.sha256(b"abc").startswith("ba7816bf8f01cfea414140de5dae2223b00361a3")


# Memory.

BYTES_PER_PIXEL = 16  # at most, of a picture that is reduced: Pillow's own RGB takes four
MEASURED = """
import sys
from pathlib import Path
from stylize import imaging

def peak():  # ru_maxrss would begin with the memory of the test's own process
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024

data = sys.stdin.buffer.read()
before = peak()
array = imaging.read(data, longest=2048)
print(*array.shape, peak() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux's /proc")
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_read_of_an_8000_px_picture_takes_memory_in_proportion(kind: str) -> None:
    """48 million pixels, within the limit; the PNG is half transparent, the costliest way."""
    large = Image.fromarray(picture(60, 80)).resize((8000, 6000))
    if kind == "PNG":
        large.putalpha(128)
    data = file(large, kind, **({"compress_level": 1} if kind == "PNG" else {}))
    command = [sys.executable, "-c", MEASURED]
    said = subprocess.run(command, input=data, capture_output=True, check=True).stdout
    height, width, channels, grown = map(int, said.split())
    assert (height, width, channels) == (1536, 2048, 3)
    assert grown < BYTES_PER_PIXEL * 8000 * 6000
