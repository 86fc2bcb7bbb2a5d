"""The command line. What is heavy is imported when it is needed, so that `--help` and mistakes answer at once."""

from __future__ import annotations

import errno
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import scenesim
from scenesim.base.errors import InputError, SceneWarning, did_you_mean
from scenesim.datasets.formats import READERS, WRITERS
from scenesim.datasets.licenses import LICENSES

if TYPE_CHECKING:
    from scenesim.world.timeline import Timeline

EXIT_WRONG_INPUT, EXIT_INTERRUPTED = 2, 130
# Of what can be listed.
KINDS = ("scenarios", "recipes", "rigs", "sensors", "models", "paints", "lamps", "weather", "classes", "formats")


class Named(click.ParamType):
    """One of some names, with a suggestion where it is none of them."""

    name = "name"

    def __init__(self, *names: str):
        self.names = names

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in self.names:
            self.fail(f'no "{value}"{did_you_mean(str(value), self.names)}', param, ctx)
        return value

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return "[" + "|".join(self.names) + "]"


class Frames(click.ParamType):
    """ "A:B" (from A to before B), or "N" (the first N)."""

    name = "A:B|N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> range:
        if isinstance(value, range):
            return value
        first, colon, last = str(value).rpartition(":")
        try:
            found = range(int(first or 0), int(last))
        except ValueError:
            self.fail(f'"{value}" is neither A:B, such as 40:41, nor a number of frames', param, ctx)
        if len(found) == 0 or found.start < 0:
            self.fail(f'"{value}" holds no frame', param, ctx)
        return found


class Slices(click.ParamType):
    """ "i/n": the i-th of n slices."""

    name = "i/n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        i, _, n = str(value).partition("/")
        if not (i.isdigit() and n.isdigit() and 1 <= int(i) <= int(n)):
            self.fail(f'"{value}" is not i/n with i from 1 to n, such as 1/3', param, ctx)
        return int(i), int(n)


class RunByDefault(click.Group):
    """A group whose command `run` needs not be named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named = args and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named else ["run", *args])


class Commands(click.Group):
    """Tells a user's mistakes in the user's words: no traceback for them, and exit code 2."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            ctx.fail(f'no command "{args[0]}"{did_you_mean(args[0], self.list_commands(ctx))}')
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("always", SceneWarning)
            usual = warnings.showwarning

            def show(message: Any, category: type[Warning], *rest: Any, **more: Any) -> None:
                if issubclass(category, SceneWarning):
                    click.echo(f"warning: {message}", err=True)
                else:
                    usual(message, category, *rest, **more)

            warnings.showwarning = show
            try:
                return super().invoke(ctx)
            except InputError as e:
                click.echo(str(e), err=True)
            except MemoryError:
                click.echo("there is not enough memory for this; take a smaller map, rig or image", err=True)
            except OSError as e:
                if e.errno == errno.EPIPE:
                    raise
                click.echo(f"{e.filename or 'the system'}: {e.strerror or e}", err=True)
            except KeyboardInterrupt:
                click.echo("interrupted", err=True)
                ctx.exit(EXIT_INTERRUPTED)
            ctx.exit(EXIT_WRONG_INPUT)


def main() -> None:
    """Entry point of `scenesim`."""
    app(prog_name="scenesim")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(scenesim.__version__, prog_name="scenesim")
def app() -> None:
    """Labelled camera images and lidar sweeps of situations that no fleet has recorded."""


def _values(command: Any) -> Any:
    """The options that change a scenario."""
    command = click.option("--seed", type=click.IntRange(min=0), help="Seed, instead of the file's.")(command)
    return click.option(
        "--set", "settings", multiple=True, metavar="PATH=VALUE",
        help="Override a value, such as weather.rain_mm_per_h=10 or actors[0].model=bus; VALUE is YAML. As often as you like.",
    )(command)  # fmt: skip


def _writing(command: Any, **format_option: Any) -> Any:
    """The options of what writes datasets."""
    command = click.option("--overwrite", is_flag=True, help="Throw away the dataset that is in the folder.")(command)
    command = click.option(
        "--license", type=Named(*LICENSES), metavar="NAME",
        help="Of the data, for its card; cc0-1.0 by default, and in export that of the datasets.",
    )(command)  # fmt: skip
    command = click.option(
        "--image-format", type=Named("png", "jpg"),
        help="Of the colour images, in formats that leave it open; png in native, else jpg by default.",
    )(command)  # fmt: skip
    return click.option(
        "--format", "formats", type=Named(*WRITERS), multiple=True, **format_option,
        help="Format of the dataset; as often as you like: several get a folder each.",
    )(command)  # fmt: skip


@contextmanager
def _scenario(name: str, settings: tuple[str, ...], seed: int | None) -> Iterator[Any]:
    """The scenario; what turns out wrong in the block gets its place in the file."""
    from scenesim.scenario import load

    overrides = [*settings, *([] if seed is None else [f"seed={seed}"])]
    scenario = load.load(name, overrides)
    try:
        yield scenario
    except InputError as e:
        raise load.located(e, load.source_of(name, overrides)) from None


@app.command()
@click.argument("scenario")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder of the dataset: new, or empty.")
@_values
@click.option("--frames", type=Frames(), help="Frames A to B-1, or the first N; all by default.")
@click.option("--sensors", help="Names of the sensors to use, with commas between; all by default.")
@click.option("--threads", type=click.IntRange(min=1), help="All processors by default; the result does not depend on it.")
@click.option("--timeline", type=click.Path(path_type=Path), help="Replay what `scenesim timeline --save` wrote.")
@click.option(
    "--twin",
    "twins",
    multiple=True,
    metavar="PATH=VALUE",
    help="Render the same instants once more with this changed, such as weather=fog_dense; each gets a folder of its own.",
)
@partial(_writing, default=("native",), show_default=True)
@click.option("--no-sheet", is_flag=True, help="Draw no contact sheet.")
def render(
    scenario: str,
    output: Path,
    settings: tuple[str, ...],
    seed: int | None,
    sensors: str | None,
    twins: tuple[str, ...],
    **options: Any,
) -> None:
    """Render SCENARIO (a file, or a name of `scenesim list scenarios`) as a dataset."""
    from scenesim.cli.render import run, twins_of

    names = [s.strip() for s in sensors.split(",") if s.strip()] if sensors is not None else None
    with ExitStack() as places:
        all_of_them = [
            (places.enter_context(_scenario(scenario, (*settings, *change), seed)), folder)
            for change, folder in twins_of(output, twins)
        ]
        run(all_of_them, sensors=names, **options)


@app.command()
@click.argument("datasets", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder of the dataset: new, or empty.")
@partial(_writing, required=True)
def export(datasets: tuple[Path, ...], output: Path, **options: Any) -> None:
    """Write DATASETS that were rendered in the native format in other formats, all as one dataset, without rendering again."""
    from scenesim.cli.export import run

    run(datasets, output, **options)


@app.command("import")
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("--format", "name", type=Named(*READERS), required=True, help="What the dataset is in.")
@click.option("--scene", default=0, show_default=True, help="Which of the dataset's scenes, logs or sequences, from 0.")
@click.option("--ego", default="sedan", show_default=True, help="Model of the ego's vehicle.")
@click.option("--csv", type=click.Path(path_type=Path), help="Table to write: where every actor is at each time.")
@click.option("--step", default=0.05, show_default=True, help="Time between two rows of the table, s.")
@click.option("--save", type=click.Path(path_type=Path), help="File to write the timeline to, for `render --timeline`.")
def import_(dataset: Path, name: str, scene: int, ego: str, csv: Path | None, step: float, save: Path | None) -> None:
    """Read who was where in DATASET, a nuScenes, KITTI tracking, Argoverse 2 or native one, as a timeline."""
    from scenesim.datasets.recorded import reader

    if csv is None and save is None:
        raise click.UsageError("give --csv FILE, --save FILE, or both: nothing would be written")
    _write_timeline(reader(name)(dataset, scene).timeline(ego), csv, step, save)


@app.command("list")
@click.argument("kind", required=False, type=Named(*KINDS))
def list_(kind: str | None) -> None:
    """List what there is: scenarios, recipes, rigs, sensors, models, paints, lamps, weather, classes, formats of datasets."""
    from scenesim.cli.listing import LISTS

    for name in [kind] if kind else list(LISTS):
        if kind is None:
            click.echo(f"{name}:")
        for line in LISTS[name]():
            click.echo(line if kind else f"  {line}")


@app.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    """Say of each FILE what is wrong, where, and what instead: scenarios, maps, rigs, sensors and other assets, timelines,
    datasets."""
    from scenesim.cli.checks import check_file

    wrong = False
    for file in files:
        try:
            click.echo(f"{file}: {check_file(file)}")
        except InputError as e:
            wrong = True
            click.echo(str(e), err=True)
    if wrong:
        click.get_current_context().exit(EXIT_WRONG_INPUT)


@app.command()
@click.option("--recipe", is_flag=True, help="Of a recipe of `scenesim batch`.")
def schema(recipe: bool) -> None:
    """Print the JSON Schema of a scenario file, from which editors complete."""
    import json

    if recipe:
        from scenesim.batch.recipe import schema as found
    else:
        from scenesim.scenario.load import schema as found

    click.echo(json.dumps(found(), indent=1))


@app.command()
@click.argument("scenario")
@_values
@click.option("--csv", type=click.Path(path_type=Path), help="Table to write: where every actor is at every step.")
@click.option("--step", default=0.05, show_default=True, help="Time between two rows of an actor, s.")
@click.option("--save", type=click.Path(path_type=Path), help="File to write the timeline to, for `render --timeline`.")
def timeline(
    scenario: str, settings: tuple[str, ...], seed: int | None, csv: Path | None, step: float, save: Path | None
) -> None:
    """Simulate SCENARIO without rendering it."""
    from scenesim import simulate

    if csv is None and save is None:
        raise click.UsageError("give --csv FILE, --save FILE, or both: nothing would be written")
    with _scenario(scenario, settings, seed) as loaded:
        found = simulate.timeline(loaded)
    _write_timeline(found, csv, step, save)


def _write_timeline(found: Timeline, csv: Path | None, step: float, save: Path | None) -> None:
    from scenesim.base.files import written_whole
    from scenesim.world import timeline_table

    if save is not None:
        with written_whole(save) as partial:
            found.save(partial)
    if csv is not None:
        timeline_table.write_csv(found, csv, step)


@app.command()
@click.argument("scenario")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="GLB file to write.")
@click.option("--time", "time_s", type=click.FloatRange(min=0), default=0.0, show_default=True, help="When, s.")
@_values
def glb(scenario: str, output: Path, time_s: float, settings: tuple[str, ...], seed: int | None) -> None:
    """Write everything in SCENARIO at one time as a GLB file, to look at in a viewer or to render elsewhere."""
    from scenesim import simulate
    from scenesim.base.files import written_whole
    from scenesim.scene import glb as writer

    with _scenario(scenario, settings, seed) as loaded:
        if time_s > loaded.duration_s:
            raise InputError(f"--time {time_s:g} is after the end of the scenario; it lasts {loaded.duration_s:g} s")
        data = writer.glb(simulate.stage(loaded), time_s)
    with written_whole(output) as partial:
        partial.write_bytes(data)


@app.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--csv", type=click.Path(path_type=Path), help="Table to write: the outer boundary of every lane.")
@click.option("--step", default=1.0, show_default=True, help="Distance between two rows along the road, at most, m.")
@click.option("--png", type=click.Path(path_type=Path), help="Picture to write: the map from above.")
def road(file: Path, csv: Path | None, step: float, png: Path | None) -> None:
    """Read the OpenDRIVE map FILE, and write its lanes as a table or as a picture."""
    from scenesim.scenario import opendrive
    from scenesim.world import road_tables

    if csv is None and png is None:
        raise click.UsageError("give --csv FILE, --png FILE, or both: nothing would be written")
    network = opendrive.read(file)
    for warning in network.warnings:
        click.echo(f"warning: {warning}", err=True)
    if csv is not None:
        road_tables.write_boundaries_csv(network, csv, step)
    if png is not None:
        road_tables.draw_map(network, png)


@app.group(cls=RunByDefault)
def batch() -> None:
    """Make what a recipe asks for: many scenarios, in many processes, resumable. See `scenesim batch run -h`.

    `scenesim batch RECIPE.yaml -o DIR` is `scenesim batch run RECIPE.yaml -o DIR`.
    """


@batch.command("run")
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder of the batch; only --dry-run needs none.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes; as many as processors by default.")
@click.option("--shard", "part", type=Slices(), help="Make the i-th of n slices, as job arrays do.")
@click.option("--dry-run", is_flag=True, help="Say what would be made, how large and how long; make nothing.")
@click.option("--max-failures", type=click.IntRange(min=0), help="Stop when more shards than this have failed.")
@click.option("--only", metavar="SHARD", help="Make one shard, in this process: to see why it fails.")
def batch_run(recipe: Path, output: Path | None, part: tuple[int, int] | None, **options: Any) -> None:
    """Make what RECIPE (a file, or a name of `scenesim list recipes`) asks for, or go on with it.

    Ends with exit code 0 when all is well, 1 when shards failed, 2 for a mistake.
    """
    from scenesim.batch.driver import Slice
    from scenesim.cli.batch import run

    click.get_current_context().exit(run(recipe, output, part=Slice(*part) if part else None, **options))


@batch.command("status")
@click.argument("folder", type=click.Path(path_type=Path))
def batch_status(folder: Path) -> None:
    """Tell how far the batch in FOLDER is: done, rate, failures, time left; exit code 1 when shards failed."""
    from scenesim.cli.batch import show_status

    click.get_current_context().exit(show_status(folder))


@app.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--render", type=click.IntRange(min=0), default=0, help="Render so many frames again, and compare the bytes.")
@click.option("--threads", type=click.IntRange(min=1), help="All processors by default.")
def verify(folder: Path, render: int, threads: int | None) -> None:
    """Look at everything in FOLDER, a batch or a native dataset: hashes, files, labels; exit code 1 when something is wrong."""
    from scenesim.cli.batch import run_verify

    click.get_current_context().exit(run_verify(folder, render, threads))


@app.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The page; report.html in FOLDER by default.")
@click.option("--frames", type=click.IntRange(min=1), default=120, show_default=True, help="Frames to show, at most.")
@click.option("--size-mb", type=click.FloatRange(min=2), default=40.0, show_default=True, help="The page's size, at most.")
def report(folder: Path, output: Path | None, frames: int, size_mb: float) -> None:
    """Write a page about FOLDER, a native dataset or a batch: balance of classes and conditions, ranges, points, sizes, frames
    with labels, points in 3D. It is one file, and opens in any browser without a network."""
    from scenesim.cli.report import write

    write(folder, output, frames, size_mb)


@app.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--save", type=click.Path(path_type=Path), help="File (.rrd) to write instead of opening the viewer.")
@click.option("--color", type=Named("class", "cause", "intensity"), default="class", show_default=True, help="Of the points.")
@click.option("--frames", type=Frames(), help="Frames A to B-1, or the first N, of each scenario; all by default.")
@click.option("--shard", metavar="SHARD", help="Of a batch: this shard alone.")
def view(folder: Path, **options: Any) -> None:
    """Open FOLDER, a native dataset or a batch, in the viewer Rerun: cameras, points, boxes and tracks on one timeline. Needs
    the extra `viz`."""
    from scenesim.cli.report import view as run

    run(folder, **options)
