"""Files of arrays: what NumPy writes is read as NumPy reads it, and what is damaged costs one plain
line."""

import io
import random
import struct
import zipfile

import numpy as np
import pytest
from conftest import stroke_image

from graphormer.readers import arrays
from graphormer.readers.arrays import array_header, array_names, read_array, unpacked_size
from graphormer.readers.pictures import picture_count, read_arrays
from molxai.cli import main
from molxai.serve.settings import Settings
from molxai.serve.uploads import OversizedError, uploaded

DAMAGED = 150
"""Damaged files of each kind."""

DIGITS = np.stack([np.roll(stroke_image(), shift, 1) for shift in (-2, 0, 2)])


def saved(kind, **named):
    """The bytes of a file that NumPy writes."""
    file = io.BytesIO()
    if kind == "npy":
        np.save(file, next(iter(named.values())))
    else:
        (np.savez_compressed if kind == "packed" else np.savez)(file, **named)
    return file.getvalue()


def damaged(content, chance):
    """The content with one fault: a byte flipped (more often in the structure than in the data),
    cut off, or filled up."""
    harmed = bytearray(content)
    place = chance.choice(
        [
            chance.randrange(len(harmed)),
            chance.randrange(min(128, len(harmed))),
            -chance.randrange(1, 128),
        ]
    )
    kind = chance.choice(["flip", "flip", "flip", "set", "cut", "fill", "move"])
    if kind == "flip":
        harmed[place] ^= 1 << chance.randrange(8)
    elif kind == "set":
        harmed[place] = chance.choice([0, 1, 9, 14, 32, 39, 40, 255])
    elif kind == "cut":
        del harmed[place:]
    elif kind == "fill":
        harmed[place:place] = chance.randbytes(chance.randrange(1, 9))
    else:
        harmed[place:] = harmed[place + 1 :] + harmed[place : place + 1]
    return bytes(harmed)


@pytest.mark.parametrize(
    "array",
    [
        DIGITS,
        (255 * DIGITS).astype(np.uint8),
        DIGITS.astype(">f4"),
        np.asfortranarray(DIGITS),
        DIGITS > 0.5,
        np.array(["α", "b\nc", ""]),
        np.array(3.5),
        np.zeros((0, 28, 28)),
        np.array([], dtype="U1"),
    ],
    ids=lambda array: f"{array.dtype} {array.shape}",
)
@pytest.mark.parametrize("kind", ["npy", "stored", "packed"])
def test_arrays_are_read_as_numpy_reads_them(tmp_path, array, kind):
    path = tmp_path / ("a.npy" if kind == "npy" else "a.npz")
    path.write_bytes(saved(kind, images=array))
    name = "" if kind == "npy" else "images"
    made = read_array(path, name)
    assert array_names(path) == [name] and made.dtype == array.dtype and np.array_equal(made, array)
    assert array_header(path, name).size == array.nbytes <= unpacked_size(path)


@pytest.mark.parametrize("kind", ["npy", "stored", "packed"])
def test_a_damaged_file_is_read_rightly_or_refused_in_a_line(tmp_path, kind):
    """A seeded campaign: no error but a plain one, and never another array than the one that was
    written, where it has a checksum."""
    chance, refused = random.Random(13), 0
    whole = saved(kind, images=(255 * DIGITS).astype(np.uint8), labels=np.array([1, 7, 1]))
    path = tmp_path / ("a.npy" if kind == "npy" else "a.npz")
    path.write_bytes(whole)
    expected = read_arrays(path)
    for _ in range(DAMAGED):
        path.write_bytes(damaged(whole, chance))
        try:
            made = read_arrays(path)
            read_array(path, "" if kind == "npy" else "labels")
        except ValueError as error:
            refused += 1
            assert "\n" not in str(error) and str(path) in str(error) and len(str(error)) < 400
        else:
            assert kind == "npy" or np.array_equal(made, expected)
    assert refused > DAMAGED / 4


def archive(path, content, **changed):
    """An archive of one array, whose directory says what is not so."""
    with zipfile.ZipFile(path, "w", changed.pop("compression", zipfile.ZIP_DEFLATED)) as file:
        file.writestr("images.npy", content)
    if changed:
        held = bytearray(path.read_bytes())
        directory = held.rindex(b"PK\x01\x02")
        for offset, value in changed.items():
            struct.pack_into("<I", held, directory + int(offset[1:]), value)
        path.write_bytes(held)
    return path


def npy(shape, data=b"", descr="|u1"):
    """An array's file with a header of one's own."""
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


@pytest.mark.parametrize(
    "size",
    [
        "(3, 28, 28)",
        "(10**9,)",
        "(999999999999999, 999999999999999)",
        "(-1, 28, 28)",
        "(3, (28), 28)",
    ],
)
def test_a_header_that_promises_more_than_there_is_is_refused(tmp_path, size):
    (tmp_path / "a.npy").write_bytes(npy(size, b"\x01"))
    archive(tmp_path / "a.npz", npy(size, b"\x01"))
    for name in ("a.npy", "a.npz"):
        with pytest.raises(ValueError, match="its header says|damaged or unknown header"):
            read_arrays(tmp_path / name)


@pytest.mark.parametrize(
    "descr", ["|O", "<f3", "<U-1", "<U9999999999", "<V4", "<c16", "[('a', '<f8')]"]
)
def test_what_is_neither_numbers_nor_text_is_refused(tmp_path, descr):
    (tmp_path / "a.npy").write_bytes(npy("(1, 28, 28)", bytes(784 * 16), descr))
    with pytest.raises(ValueError, match=r"a\.npy"):
        read_arrays(tmp_path / "a.npy")


def test_python_objects_are_never_unpickled(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="unknown header"):
        read_arrays(tmp_path / "a.npy")
    (tmp_path / "b.npy").write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(ValueError, match=r"no readable \.npy file, by its first bytes"):
        read_arrays(tmp_path / "b.npy")


def test_what_an_archive_unpacks_to_is_bounded_by_its_own_figures(tmp_path, monkeypatch):
    zeros = npy("(20000, 28, 28)", bytes(20000 * 784))
    path = archive(tmp_path / "a.npz", zeros)
    assert (
        path.stat().st_size < 50_000
        and picture_count(path) == 20000
        and unpacked_size(path) == len(zeros)
    )
    with pytest.raises(OversizedError, match="20000 rows: at most"):
        uploaded("a.npz", path.read_bytes(), Settings())
    monkeypatch.setattr(arrays, "LARGEST", 10 * 2**20)
    with pytest.raises(
        ValueError, match="unpacks to 15 MB by its own figures: at most 10 MB are read"
    ):
        read_arrays(path)


@pytest.mark.parametrize("stated", [1000, 784 + 67, 0])
def test_an_archive_that_unpacks_to_more_than_it_says_is_refused(tmp_path, stated):
    """The directory's figure, at offset 24, bounds what is unpacked; the checksum tells that there
    was more."""
    path = archive(tmp_path / "a.npz", npy("(20000, 28, 28)", bytes(20000 * 784)), _24=stated)
    with pytest.raises(ValueError, match=r"a\.npz"):
        read_arrays(path)
    path = archive(tmp_path / "a.npz", npy("(1, 28, 28)", bytes(20000 * 784)), _24=stated)
    with pytest.raises(ValueError, match=r"a\.npz"):
        read_arrays(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packings_are_named(tmp_path, compression):
    path = archive(tmp_path / "a.npz", npy("(1, 28, 28)", bytes(784)), compression=compression)
    with pytest.raises(ValueError, match=r"packed in a way \(type 1[24]\) that NumPy does not use"):
        read_arrays(path)


def test_text_that_is_none_is_refused(tmp_path):
    for code in (0x110000, 0xD800):
        (tmp_path / "a.npy").write_bytes(npy("(1,)", struct.pack("<I", code), "<U1"))
        with pytest.raises(ValueError, match="codes that are no characters"):
            read_array(tmp_path / "a.npy")


def test_every_door_says_it_in_one_line(saved_digit_model, tmp_path, capsys):
    path = tmp_path / "p.npz"
    whole = saved("packed", images=(255 * DIGITS).astype(np.uint8), labels=np.array([1, 7, 1]))
    harmed = bytearray(whole)
    harmed[100] ^= 0xFF
    path.write_bytes(harmed)
    doors = (
        ["explain", str(path), "-m", str(saved_digit_model), "-o", str(tmp_path / "o.csv")],
        ["explain", str(path), "-m", str(saved_digit_model)],
        ["evaluate", str(path), "-m", str(saved_digit_model)],
        ["train", str(path), "-o", str(tmp_path / "model"), "-q"],
    )
    for arguments in doors:
        assert main(arguments) == 1
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and "p.npz is a damaged archive (" in said
    with pytest.raises(ValueError, match=r"^p\.npz is a damaged archive"):
        uploaded("p.npz", bytes(harmed), Settings())


def test_a_damaged_file_of_fingerprints_is_named(tmp_path):
    from graphormer.evaluation.fingerprints import ecfp_bits, read_bits, write_bits

    bits = ecfp_bits(["CCO", "CCN"])
    write_bits(bits, tmp_path / "m.bits.npz")
    assert np.array_equal(read_bits(tmp_path / "m.bits.npz"), bits)
    (tmp_path / "m.bits.npz").write_bytes((tmp_path / "m.bits.npz").read_bytes()[:-30])
    with pytest.raises(ValueError, match="holds no fingerprints .*damaged archive"):
        read_bits(tmp_path / "m.bits.npz")
