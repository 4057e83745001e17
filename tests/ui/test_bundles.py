"""Scripts that are served as one: the same modules, whichever way they are reached."""

from __future__ import annotations

import json
import posixpath
import re
import subprocess
from pathlib import Path

import pytest
from playwright.async_api import Page

from groq_core.ui.bundles import FOLDER, BundleError, Bundler, read_module
from groq_core.ui.page_scripts import BUNDLES, page_bundler, preloads
from groq_core.ui.static import ASSETS, Assets
from tests.requires import needs

FORMS = {
    "js/main.js": """
        import * as all from "./room/all.js";
        import whole, { part as half } from "../lib/whole.js";
        import {
          first,
          second as other,
        } from "./room/forms.js";
        import "./room/effect.js";
        import only from "../lib/only.js";

        const later = (path) => import(path);
        console.log(all.double(4), whole, half, first, other(), only, globalThis.effects);
        console.log([...all.counted()], await all.waited(), new all.Thing().name, new all.Renamed().name);
        queueMicrotask(async () => {
          console.log(await import("./room/late.js").then((module) => module.same(first)), Object.keys(all).sort());
          console.log((await import("./room/forms.js")).first === first);
          console.log((await later("./room/forms.js")).first === first);
          console.log((await later("./room/late.js")).where, all.here);
        });
    """,
    "js/room/all.js": """
        import { first as one } from "./forms.js";

        /** @type {import("./forms.js").Type} */
        const secret = one;
        export const double = (number) => number * 2;
        export function* counted() { yield 1; yield secret; }
        export async function waited() { return "waited"; }
        export class Thing { name = "thing"; }
        class Inside { name = "renamed"; }
        export { Inside as Renamed, secret };
        export { second as handed } from "./forms.js";
        export const here = new URL("../beside.txt", import.meta.url).href.slice(-14);
    """,
    "js/room/forms.js": """
        export const first = { is: "first" };
        export const text = "export nothing; import nothing";
        export function second() { return "second"; }
    """,
    "js/room/effect.js": """
        import { first } from "./forms.js";
        globalThis.effects = (globalThis.effects ?? 0) + 1;
        const waits = await Promise.resolve(first);
        export {}; // no more than that
    """,
    "js/room/late.js": """
        import { first, second } from "./forms.js";
        import { handed } from "./all.js";
        import "./effect.js";
        export const same = (it) => it === first && handed === second;
        export const where = new URL("beside.txt", import.meta.url).href.slice(-19);
    """,
    "lib/whole.js": "export const part = 'part';\nexport default 'whole';\n",
    "lib/only.js": "const only = 'only';\nexport { only as default };\n",
}
"""Every form of import and export that our scripts may use."""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, source in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(re.sub(r"^ {8}", "", source, flags=re.MULTILINE))
    (folder / "package.json").write_text('{"type": "module"}')
    return folder


def bundler_of(folder: Path, **bundles: tuple[str, ...]) -> Bundler:
    return Bundler(lambda name: (folder / name).read_text(), bundles)


def link(folder: Path, to: Path, **bundles: tuple[str, ...]) -> Path:
    """Everything as it would be served."""
    bundler = bundler_of(folder, **bundles)
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*.js")]
    served = {name: bundler.script(name) for name in [*names, *bundler.names]}
    return write(to, {name: (folder / name).read_text() if it is None else it for name, it in served.items()})


def run(script: Path) -> str:
    return subprocess.run(["node", script], capture_output=True, text=True, check=True, timeout=60).stdout


@needs("node")
@pytest.mark.parametrize(
    "bundles",
    [
        {"first": ("main", "room/all", "room/effect", "room/forms")},
        {"first": ("room/forms", "room/effect", "main", "room/all"), "second": ("room/late",)},
        {"base": ("room/forms",), "first": ("main", "room/all", "room/effect")},
        {"base": ("room/forms", "room/all")},
    ],
    ids=["one", "two", "the later uses the other", "the main script is in none"],
)
def test_bundled_scripts_do_what_the_files_do(tmp_path: Path, bundles: dict[str, tuple[str, ...]]) -> None:
    files = write(tmp_path / "files", FORMS)
    served = link(files, tmp_path / "served", **bundles)
    begun = "js/first.js" if "first" in bundles else "js/main.js"

    wanted = run(files / "js/main.js")

    assert wanted.count("\n") > 4
    assert run(served / begun) == wanted
    if begun != "js/main.js":  # whoever knows its own address gets the same module, begun once
        (served / "js/both.js").write_text('await import("./first.js");\nawait import("./main.js");\n')
        assert run(served / "js/both.js") == wanted


@pytest.mark.parametrize(
    ("files", "bundles", "complaint"),
    [
        ({"a": "export let x = 1;"}, {"f": ("a",)}, "js/a.js: 'export let x = 1;'"),
        ({"a": "export var x = 1;"}, {"f": ("a",)}, "js/a.js: 'export var x = 1;'"),
        ({"a": "export const { x } = y;"}, {"f": ("a",)}, "js/a.js: 'export const { x } = y;'"),
        ({"a": 'export * from "./b.js";', "b": ""}, {"f": ("a", "b")}, "js/a.js: 'export \\* from"),
        ({"a": "export default 1;"}, {"f": ("a",)}, "js/a.js: 'export default 1;'"),
        ({"a": "import { x } from './b.js';", "b": ""}, {"f": ("a",)}, 'js/a.js: "import { x }'),
        ({"a": 'import "./b.js";', "b": 'import "./a.js";'}, {"f": ("a", "b")}, "need each other"),
        ({"a": 'import "./b.js";', "b": 'import "./a.js";'}, {"f": ("a",), "g": ("b",)}, "need each other"),
        ({"a": ""}, {"f": ("a",), "g": ("a",)}, "js/a.js stands in js/f.js and in g"),
        ({"a-b": "", "a_b": ""}, {"f": ("a-b", "a_b")}, "one name"),
        ({"a": "", "f": ""}, {"f": ("a", "f")}, "js/f.js is a script and a bundle"),
    ],
)
def test_what_a_bundle_cannot_hold_is_refused_by_name(
    tmp_path: Path, files: dict[str, str], bundles: dict[str, tuple[str, ...]], complaint: str
) -> None:
    write(tmp_path, {f"js/{name}.js": source for name, source in files.items()})

    with pytest.raises(BundleError, match=complaint):
        bundler_of(tmp_path, **bundles)


def test_a_worker_gets_no_bundle(tmp_path: Path) -> None:
    files = {
        "js/a.js": 'new Worker(new URL("./worker.js", import.meta.url));',
        "js/worker.js": 'import "./b.js";',
        "js/b.js": "",
    }
    bundler = bundler_of(write(tmp_path, files), f=("b",))

    with pytest.raises(BundleError, match=r"js/b\.js is bundled, and the worker js/worker\.js needs it"):
        bundler.script("js/a.js")


def test_errors_name_the_line_of_the_file() -> None:
    bundler = page_bundler()
    for name in (name for name in bundler.names if name.endswith(".js")):
        served, mapped = (
            Assets(bundler=bundler).response(name, "").body,
            json.loads(bundler.script(f"{name}.map") or ""),
        )
        lines = bytes(served).decode().split("\n")
        assert len(mapped["sections"]) == len(BUNDLES[Path(name).stem])
        for section in mapped["sections"]:
            (source,), (content,) = section["map"]["sources"], section["map"]["sourcesContent"]
            written = content.split("\n")
            assert written == (ASSETS / posixpath.join(FOLDER, source)).read_text().split("\n")
            assert section["map"]["mappings"].count(";") == len(written) - 1
            begin = section["offset"]["line"]
            for found in re.finditer(r"^(?:export )?((?:async )?function \w+|class \w+)", content, re.MULTILINE):
                assert lines[begin + content[: found.start()].count("\n")].startswith(found[1]), source


def test_every_script_imports_without_a_circle() -> None:
    """Which a bundle could not hold, whatever stands in it one day."""
    names = [path.relative_to(ASSETS / FOLDER).with_suffix("").as_posix() for path in (ASSETS / FOLDER).rglob("*.js")]
    workers = [name for name in names if re.search(r"-work(?:er|let)$", name)]
    assert len(workers) > 1

    Bundler(lambda name: (ASSETS / name).read_text(), {"all": [name for name in names if name not in workers]})


def test_first_visit_names_every_script_it_needs() -> None:
    needed, queue = {"texts.js"}, ["js/main.js"]
    while queue:
        name = queue.pop()
        if name not in needed:
            needed.add(name)
            source = (ASSETS / name).read_text()
            paths = re.findall(r'^import [^;]*?"(\.\.?/[\w/.-]+\.js)";', source, re.MULTILINE)
            queue += [posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) for path in paths]

    named = re.findall(r'href="base/([^"]*)"', preloads(Assets(bundler=page_bundler()), "base"))
    bundled = {f"js/{name}.js" for name in BUNDLES["first"]}
    assert needed == {*named, *bundled} - {"js/first.js"}
    assert len(named) < 5


@pytest.mark.browser
@needs("chromium")
async def test_a_module_is_one_thing_however_it_is_reached(page: Page) -> None:
    bundler = page_bundler()
    base = (await page.locator("script[src$='/js/first.js']").get_attribute("src") or "").removesuffix("js/first.js")
    bundled = {f"js/{name}.js": f"js/{bundle}.js" for bundle, names in BUNDLES.items() for name in names}
    exports = {name: sorted(read_module(name, (ASSETS / name).read_text()).exports) for name in bundled}

    found = await page.evaluate(
        """async ([base, bundled]) => {
          const at = (name) => import(new URL(base + name, document.baseURI).href);
          const found = {};
          for (const [name, [bundle, handle]] of Object.entries(bundled)) {
            const [module, held] = [await at(name), (await at(bundle))[handle]];
            found[name] = [Object.keys(module).sort(), Object.keys(module).every((key) => module[key] === held[key])];
          }
          return found;
        }""",
        [base, {name: [bundle, re.sub(r"\W", "_", name[:-3])] for name, bundle in bundled.items()}],
    )

    assert found == {name: [names, True] for name, names in exports.items()}
    assert len(bundler.names) == 2 * len(BUNDLES)


@pytest.mark.browser
@needs("chromium")
async def test_a_first_visit_asks_for_few_scripts_of_ours(page: Page) -> None:
    await page.wait_for_function(
        "() => performance.getEntriesByType('resource').some(({ name }) => name.includes('store.js'))"
    )

    asked = await page.evaluate("() => performance.getEntriesByType('resource').map(({ name }) => name)")

    ours = {name.partition("/ui/assets/")[2].partition("/")[2] for name in asked if "/ui/assets/" in name}
    scripts = {name for name in ours if name.endswith(".js")}
    assert {"js/first.js", "js/soon.js", "texts.js"} <= scripts
    assert not scripts & {f"js/{name}.js" for names in BUNDLES.values() for name in names}
    assert len(scripts) < 10
