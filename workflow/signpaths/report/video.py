"""Pictures in, a film out: H.264 in MP4, or a GIF.

Takes RGBA pictures, pipes them to the ffmpeg that imageio-ffmpeg carries; gives files that every
browser plays. The same pictures give the same bytes.
"""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe

from signpaths.errors import UserError

# A film of HD's colours that says so, with 4:2:0 for browsers, its index first, so that it plays
# while it loads. x264's bytes depend on its threads, and ffmpeg's on version and date.
H264 = (
    *("-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"),
    *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"),
    *("-c:v", "libx264", "-preset", "medium", "-tune", "animation", "-crf", "26"),
    *("-threads", "2", "-g", "48", "-fflags", "+bitexact", "-flags:v", "+bitexact"),
    *("-map_metadata", "-1", "-movflags", "+faststart", "-f", "mp4"),
)
GIF_WIDTH, GIF_FRAMES_PER_SECOND = 800, 10
GIF = (
    "-vf",
    f"fps={GIF_FRAMES_PER_SECOND},scale={GIF_WIDTH}:-2:flags=lanczos,split[a][b];"
    "[a]palettegen=stats_mode=full[p];[b][p]paletteuse=dither=none",
    *("-threads", "2", "-fflags", "+bitexact", "-flags:v", "+bitexact"),
    *("-map_metadata", "-1", "-f", "gif"),
)


def written(
    pictures: Iterable[np.ndarray], size: tuple[int, int], frames_per_second: int, path: Path
) -> None:
    """Write pictures as an MP4.

    Parameters
    ----------
    pictures
        Each uint8 `(height, width, 4)`.
    size
        Width and height, both even.
    frames_per_second
        Pictures a second.
    path
        The file.

    Raises
    ------
    UserError
        If ffmpeg cannot be started or fails.
    """
    raw = ("-f", "rawvideo", "-pixel_format", "rgba", "-video_size", f"{size[0]}x{size[1]}")
    _ffmpeg((*raw, "-framerate", str(frames_per_second), "-i", "pipe:0", *H264), path, pictures)


def as_gif(film: Path, path: Path) -> None:
    """Write a film once more as a GIF: smaller, with fewer pictures, in its own palette.

    Raises
    ------
    UserError
        If ffmpeg cannot be started or fails.
    """
    _ffmpeg(("-i", f"file:{film}", *GIF), path, ())


def _ffmpeg(arguments: tuple[str, ...], path: Path, pictures: Iterable[np.ndarray]) -> None:
    # imageio-ffmpeg's own writer passes over ffmpeg's exit status: half a film would be a film.
    with TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                [_program(), "-nostdin", "-v", "error", *arguments, "-y", f"file:{path}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=said,
            )
        except OSError as error:
            raise UserError(f"{path}: ffmpeg cannot be started ({error}).") from error
        try:
            _feed(process, pictures)
            status = process.wait()
        finally:
            process.kill()
            process.wait()
        if status:
            said.seek(0)
            words = " ".join(said.read().decode(errors="replace").split())
            raise UserError(
                f"{path}: ffmpeg ended with status {status} and wrote no film: "
                f"{words or 'it said nothing'}. Is there room on the disk?"
            )


def _feed(process: "subprocess.Popen[bytes]", pictures: Iterable[np.ndarray]) -> None:
    assert process.stdin is not None
    try:
        with process.stdin as pipe:
            for picture in pictures:
                pipe.write(np.ascontiguousarray(picture).data)
    except BrokenPipeError:
        # ffmpeg has ended, and its status says why.
        pass


def _program() -> str:
    try:
        return str(get_ffmpeg_exe())
    except RuntimeError as error:
        raise UserError(
            f"no ffmpeg is there ({error}). Install imageio-ffmpeg again, or name a program in "
            "IMAGEIO_FFMPEG_EXE."
        ) from error
