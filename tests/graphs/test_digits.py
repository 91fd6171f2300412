"""Pictures as superpixel graphs: node i is segment i; any size and colour comes out as MNIST's."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import SMALL, batch, stroke_image
from PIL import Image

from graphormer.graphs.graph import collate
from graphormer.graphs.slic import SIDE, superpixels
from graphormer.graphs.superpixels import (
    GRID,
    INTENSITY_BINS,
    SUPERPIXELS,
    centroid_graph,
    centroids,
    digit,
    with_centroids,
)
from graphormer.network.model import Graphormer
from graphormer.readers.pictures import picture, read_arrays, read_picture
from graphormer.training.augmentation import deformed


def test_segments_follow_the_strokes():
    """A plain grid, SLIC's answer at its default compactness, mixes ink and paper in segments."""
    image = stroke_image()
    stroke = digit(image)
    spread = [image[stroke.segments == node].std() for node in range(stroke.graph.nodes)]
    assert 40 <= stroke.graph.nodes <= 100 and max(spread) < 0.2


def test_segments_are_numbered_without_gaps():
    segments = superpixels(stroke_image())
    assert sorted(np.unique(segments)) == list(range(segments.max() + 1))


def intensities(graph):
    """Mean intensity of each node, from its soft bins."""
    bins = graph.codes[:, :2] - SUPERPIXELS.offsets["intensity"]
    return ((graph.weights[:, :2] * bins).sum(1) / (INTENSITY_BINS - 1)).numpy()


def test_nodes_carry_intensity_and_place():
    stroke = digit(stroke_image())
    weights = stroke.graph.weights.numpy()
    codes = stroke.graph.codes.numpy()
    for node, intensity in enumerate(intensities(stroke.graph)):
        segment = stroke.segments == node
        rows, columns = np.nonzero(segment)
        centroid = stroke.graph.positions[node].tolist()
        assert centroid == pytest.approx([rows.mean(), columns.mean()], abs=1e-5)
        assert intensity == pytest.approx(stroke.image[segment].mean(), abs=1e-6)
        grid_row = (codes[node, 2:6] - SUPERPIXELS.offsets["position"]) // GRID
        mean_row = (weights[node, 2:6] * grid_row).sum() * (SIDE - 1) / (GRID - 1)
        assert mean_row == pytest.approx(rows.mean(), abs=1e-5)
        assert weights[node, 2:6].sum() == pytest.approx(1, abs=1e-6)


def test_edges_join_touching_segments():
    stroke = digit(stroke_image())
    edges = set(map(tuple, stroke.graph.edges.T.tolist()))
    left = stroke.segments[:, :-1].ravel().tolist()
    right = stroke.segments[:, 1:].ravel().tolist()
    assert {pair for pair in zip(left, right, strict=True) if pair[0] != pair[1]} <= edges
    assert all((end, start) in edges and start != end for start, end in edges)


def test_light_on_dark_of_the_right_size_is_left_alone():
    image, notes = picture(stroke_image())
    assert np.array_equal(image, stroke_image()) and notes == ()


def test_dark_on_light_is_inverted_and_said():
    image, notes = picture(1 - stroke_image())
    assert np.allclose(image, stroke_image()) and notes == ("dark ink on light paper: inverted",)


def test_other_sizes_are_framed_as_mnist_frames_them():
    large = np.kron(stroke_image(), np.ones((6, 6)))
    image, notes = picture(np.pad(large, ((50, 10), (0, 90))))
    rows, columns = np.nonzero(image > 0.3)
    assert image.shape == (28, 28) and max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20, 21)
    centre = [(image * axis).sum() / image.sum() for axis in np.indices(image.shape)]
    assert centre == pytest.approx([13.5, 13.5], abs=0.6) and "centred as in MNIST" in notes[0]


def test_sixteen_bits_of_grey_are_scaled(tmp_path):
    Image.fromarray((65535 * stroke_image()).astype(np.uint16)).save(tmp_path / "deep.png")
    assert np.allclose(read_picture(tmp_path / "deep.png")[0], stroke_image(), atol=0.01)


def test_bytes_are_scaled():
    assert np.allclose(
        picture((255 * stroke_image()).astype(np.uint8))[0], stroke_image(), atol=0.01
    )


def test_colour_grey_and_transparent_files_are_the_same_digit(tmp_path):
    grey = (255 * (1 - stroke_image())).round().astype(np.uint8)
    for name, mode in (("grey.png", "L"), ("colour.png", "RGB")):
        Image.fromarray(grey).convert(mode).save(tmp_path / name)
    clear = Image.merge("LA", (Image.new("L", (28, 28), 0), Image.fromarray(255 - grey)))
    clear.save(tmp_path / "clear.png")
    read = [read_picture(tmp_path / name)[0] for name in ("grey.png", "colour.png", "clear.png")]
    assert np.allclose(read[0], stroke_image(), atol=0.01)
    assert np.allclose(read[0], read[1], atol=0.01) and np.allclose(read[0], read[2], atol=0.01)


@pytest.mark.parametrize("scale", [1, 255])
def test_arrays_of_bytes_and_floats(tmp_path, scale):
    values = np.stack([stroke_image(), stroke_image().T]) * scale
    np.save(tmp_path / "a.npy", values.astype(np.uint8 if scale == 255 else np.float32))
    np.savez(tmp_path / "a.npz", images=values, labels=np.arange(2))
    for name in ("a.npy", "a.npz"):
        assert np.allclose(read_arrays(tmp_path / name), values / scale, atol=0.01)


def test_bad_pictures_are_refused(tmp_path):
    (tmp_path / "text.png").write_text("not a picture")
    with pytest.raises(ValueError, match="no complete picture"):
        read_picture(tmp_path / "text.png")
    Image.fromarray(np.zeros((28, 28), dtype=np.uint8)).save(tmp_path / "whole.png")
    (tmp_path / "half.png").write_bytes((tmp_path / "whole.png").read_bytes()[:40])
    with pytest.raises(ValueError, match="no complete picture"):
        read_picture(tmp_path / "half.png")
    with pytest.raises(ValueError, match="one grey"):
        read_picture(tmp_path / "whole.png")
    np.save(tmp_path / "wrong.npy", np.zeros((3, 14, 14)))
    with pytest.raises(ValueError, match=r"\(3, 14, 14\): numbers of shape \(n, 28, 28\)"):
        read_arrays(tmp_path / "wrong.npy")
    np.save(tmp_path / "objects.npy", np.array([{}, {}]), allow_pickle=True)
    with pytest.raises(ValueError, match=r"unknown header"):
        read_arrays(tmp_path / "objects.npy")
    np.savez(tmp_path / "two.npz", a=np.zeros((1, 28, 28)), b=np.zeros((1, 28, 28)))
    with pytest.raises(ValueError, match="named 'images'"):
        read_arrays(tmp_path / "two.npz")
    with pytest.raises(ValueError, match="pixel values"):
        digit(np.full((28, 28), np.nan))
    with pytest.raises(ValueError, match=r"\(28, 28\) is needed"):
        digit(np.zeros((14, 14)))


@pytest.fixture(scope="module")
def two():
    """Graphs of two digits of different sizes."""
    small = np.pad(stroke_image()[:20:2, ::2], ((9, 9), (7, 7)))
    return [digit(stroke_image()).graph, digit(small).graph]


def test_moved_superpixels_are_the_graph_of_the_moved_centroids(two):
    """What training does to a batch in place must be what featurisation would have made."""
    torch.manual_seed(0)
    whole = collate(two).to(torch.float64)
    model = Graphormer(replace(SMALL, task="multiclass", outputs=10), SUPERPIXELS).double()
    torch.nn.init.normal_(model.structure.pairs)
    moves = 3 * torch.randn(2, whole.mask.shape[1], 2, dtype=torch.float64)
    positions = centroids(whole) + moves
    moved = with_centroids(whole, positions)
    anew = [
        centroid_graph(intensities(graph), position[: graph.nodes].numpy(), graph.edges.numpy())
        for graph, position in zip(two, positions, strict=True)
    ]
    assert torch.equal(moved.mask, whole.mask)
    assert not torch.equal(moved.relation, whole.relation)
    assert torch.allclose(model(moved), model(collate(anew).to(torch.float64)), atol=1e-6)
    assert not torch.allclose(model(moved), model(whole), atol=1e-3)


def test_centroids_are_read_from_soft_bins(two):
    for graph, positions in zip(two, centroids(collate(two)), strict=True):
        assert torch.allclose(positions[: graph.nodes], graph.positions, atol=1e-4)
        assert not positions[graph.nodes :].any()


def test_deformations_are_smooth_and_of_their_strength(two):
    whole = collate(two)
    torch.manual_seed(0)
    distances = {}
    for strength in (0.2, 1.0):
        draws = [centroids(deformed(whole, strength)) - centroids(whole) for _ in range(50)]
        moves = torch.stack(draws)[:, 0, : two[0].nodes]  # (draws, nodes, 2)
        distances[strength] = float(moves.norm(dim=-1).mean())
        near = two[0].hops.long() == 1
        apart = (moves[:, :, None] - moves[:, None]).norm(dim=-1).mean(0)  # (nodes, nodes)
        # Neighbours move together.
        assert float(apart[near].mean()) < 0.6 * float(apart[~near].mean())
    assert 0.2 < distances[0.2] < 0.5 * distances[1.0] < 1.5
    assert deformed(whole, 0.0) is whole
    molecules = batch(dtype=torch.float32)
    assert deformed(molecules, 1.0) is molecules
