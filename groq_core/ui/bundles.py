"""
Modules of the page that are needed together, as one script.

A browser that needs forty modules asks forty times, and asking costs it more than running them. There is no build step:
the server makes the script from the files as they are, each module a function whose result is what it exports, in the
order in which they need each other. Every module stays one thing in one tab, however it is reached: at a bundled
module's own address stands what hands on its exports, and other modules import it from the bundle.

While a module of a bundle begins, it must not wait for a script that imports the bundle: both would wait for ever.

This reads the few forms of ``import`` and ``export`` that our own scripts are written in, and refuses any other.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from groq_core.encoding import json_bytes

FOLDER = "js"
"""Where our scripts are, and the bundles among them: a path computed in ``main.js`` means the same in its bundle."""

IMPORT = re.compile(r'^import (?:(?P<clause>[^"]+?) from )?"(?P<path>[^"]+)";', re.MULTILINE)
DECLARED = re.compile(
    r"^export (?=(?:async function\*?|function\*?|class|const) (?P<name>[\w$]+))(?!const [\[{])", re.MULTILINE
)
LISTED = re.compile(r'^export \{(?P<names>[^}]*)\}(?: from "(?P<path>[^"]+)")?;', re.MULTILINE)
OTHER = re.compile(r"^(?:export|import)\b(?!\().*", re.MULTILINE)
DYNAMIC = re.compile(r'\bimport\("(?P<path>\.[^"]+)"\)')
WORKER = re.compile(r'\b(?:new Worker|addModule)\(new URL\("(?P<path>[^"]+)"')
WAITS = re.compile(r"^[^\s/*].*\bawait\b", re.MULTILINE)
"""A script that waits for something before it is ready; its statements begin at the margin."""

OWN_ADDRESS = "import.meta.url"


class BundleError(ValueError):
    """A script is written in a way that a bundle can't hold: names the script, and the line or the other one."""


@dataclass(slots=True)
class Module:
    """
    One script as it was written.

    Attributes:
        name: Its path below the assets' folder.
        imports: The paths it imports when it begins, in their order.
        exports: What others call it, to what it is called inside.
    """

    name: str
    source: str
    imports: list[str] = field(default_factory=list)
    exports: dict[str, str] = field(default_factory=dict)

    def path_of(self, specifier: str) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.name), specifier))


def handle_of(path: str) -> str:
    """
    What a module's exports are called together.

    >>> handle_of("js/shared/error-card.js")
    'js_shared_error_card'
    """
    return re.sub(r"\W", "_", path.removesuffix(".js"))


def read_module(name: str, source: str) -> Module:
    """
    Its imports and exports.

    Raises:
        BundleError: It exports in a form that is not read here.
    """
    module = Module(name, source)
    for found in (*IMPORT.finditer(source), *LISTED.finditer(source)):
        if found["path"]:
            module.imports.append(module.path_of(found["path"]))
    for found in DECLARED.finditer(source):
        module.exports[found["name"]] = found["name"]
    for found in LISTED.finditer(source):
        for each in filter(None, (part.strip() for part in found["names"].split(","))):
            inside, _, outside = each.partition(" as ")
            owner = f"{handle_of(module.path_of(found['path']))}." if found["path"] else ""
            module.exports[outside or inside] = owner + inside
    rest = LISTED.sub("", DECLARED.sub("", IMPORT.sub("", source)))
    if unread := OTHER.search(rest):
        raise BundleError(f"{name}: {unread[0].strip()!r} is a form of import or export that bundles don't read")
    return module


def pattern_of(clause: str) -> str:
    """
    The pattern that takes from an object what an import takes from a module.

    >>> pattern_of("{ a, b as c }"), pattern_of("* as all"), pattern_of("one"), pattern_of("one, { two }")
    ('{ a, b: c }', 'all', '{ default: one }', '{ default: one, two }')
    """
    if clause.startswith("* as "):
        return clause.removeprefix("* as ")
    default, brace, named = clause.partition("{")
    default = default.strip().rstrip(",")
    inner = re.sub(r"\bas\b", ":", named).replace(" :", ":") if brace else " }"
    return f"{{ default: {default}{',' if brace else ''}{inner}" if default else f"{{{inner}"


class Bundler:
    """
    What is served in place of our scripts where some of them are bundled.

    Args:
        read: A script's source by its path below the assets' folder.
        bundles: Each bundle's name to the names of its modules, without ``js/`` and ``.js``, in any order. What a
            bundle's modules import that is in no bundle, it imports; of two bundles only the later may import the
            other.

    Raises:
        BundleError: A module stands in two bundles, two need each other, or one can't be read.
    """

    def __init__(self, read: Callable[[str], str], bundles: Mapping[str, Sequence[str]]) -> None:
        self._read = read
        self._in: dict[str, str] = {}
        self._modules: dict[str, Module] = {}
        self._bundles: dict[str, tuple[str, ...]] = {}
        self._scripts: dict[str, str | None] = {}
        for bundle, names in bundles.items():
            paths = [f"{FOLDER}/{name}.js" for name in names]
            for path in paths:
                if path in self._in:
                    raise BundleError(f"{path} stands in {self._in[path]} and in {bundle}")
                self._in[path] = f"{FOLDER}/{bundle}.js"
                self._modules[path] = read_module(path, read(path))
            self._bundles[f"{FOLDER}/{bundle}.js"] = tuple(self._ordered(paths))
        if both := self._in.keys() & self._bundles.keys():
            raise BundleError(f"{min(both)} is a script and a bundle")
        order = list(self._bundles)
        for at, bundle in enumerate(order):
            for path in self._reached(self.loose(bundle)):
                if self._in.get(path, path) in order[at:]:
                    raise BundleError(f"{bundle} and {path} need each other, or stand in the wrong order")
        handles = {handle_of(module.name) for module in self._modules.values()}
        if len(handles) < len(self._modules):
            raise BundleError("two modules have one name in their bundle")

    @property
    def names(self) -> list[str]:
        """What is served beside the files."""
        return [made for bundle in self._bundles for made in (bundle, f"{bundle}.map")]

    def loose(self, bundle: str) -> list[str]:
        """What a bundle imports besides: scripts in no bundle, and other bundles."""
        wanted = (path for name in self._bundles[bundle] for path in self._modules[name].imports)
        return sorted({self._in.get(path, path) for path in wanted} - {bundle})

    def script(self, name: str) -> str | None:
        """What to serve for a script or a bundle, or None: what the file holds."""
        if name not in self._scripts:
            self._scripts[name] = self._make(name)
        return self._scripts[name]

    def _make(self, name: str) -> str | None:
        if name in self._bundles:
            return self._bundle(name)
        if name.removesuffix(".map") in self._bundles:
            return self._map(name.removesuffix(".map"))
        if name in self._in:
            return self._hand_on(self._modules[name])
        if not name.startswith(f"{FOLDER}/") or not name.endswith(".js"):
            return None
        return self._linked(Module(name, self._read(name)), name)

    def _ordered(self, paths: Sequence[str]) -> list[str]:
        """Each after those it imports."""
        order: list[str] = []
        entered: list[str] = []

        def visit(path: str) -> None:
            if path in order or path not in paths:
                return
            if path in entered:
                raise BundleError(f"{path} and {entered[-1]} need each other")
            entered.append(path)
            for other in self._modules[path].imports:
                visit(other)
            entered.remove(path)
            order.append(path)

        for path in paths:
            visit(path)
        return order

    def _bundle(self, bundle: str) -> str:
        heads = [self._import(bundle, path) for path in self.loose(bundle)]
        parts = [self._as_function(self._modules[path], bundle) for path in self._bundles[bundle]]
        handles = ", ".join(handle_of(path) for path in self._bundles[bundle])
        end = f"export {{ {handles} }};\n//# sourceMappingURL={posixpath.basename(bundle)}.map\n"
        return "".join([*heads, *parts, end])

    def _import(self, bundle: str, path: str) -> str:
        if path not in self._bundles:
            return f'import * as {handle_of(path)} from "{relative(path, bundle)}";\n'
        used = {other for name in self._bundles[bundle] for other in self._modules[name].imports}
        handles = ", ".join(handle_of(name) for name in self._bundles[path] if name in used)
        return f'import {{ {handles} }} from "{relative(path, bundle)}";\n'

    def _as_function(self, module: Module, bundle: str) -> str:
        exports = ", ".join(
            name if name == inside else f"{name}: {inside}" for name, inside in sorted(module.exports.items())
        )
        begin = "await (async " if WAITS.search(module.source) else "("
        body = self._linked(module, bundle)
        return f"const {handle_of(module.name)} = {begin}() => {{\n{body}\nreturn {{ {exports} }};\n}})();\n"

    def _linked(self, module: Module, place: str) -> str:
        """
        Its source line by line, with every path as it is from `place`: imports taken from objects in a bundle, and from
        bundles in a loose script.
        """
        bundled = module.name in self._in

        def link_import(found: re.Match[str]) -> str:
            path, clause = module.path_of(found["path"]), found["clause"]
            if bundled:
                return f"const {pattern_of(clause)} = {handle_of(path)};" if clause else ""
            if path not in self._in:
                return found[0]
            handle, bundle = handle_of(path), relative(self._in[path], place)
            if not clause:
                return f'import "{bundle}";'
            return f'import {{ {handle} }} from "{bundle}"; const {pattern_of(clause)} = {handle};'

        def link_dynamic(found: re.Match[str]) -> str:
            path = module.path_of(found["path"])
            if path not in self._in:
                return f'import("{relative(path, place)}")'
            return f'import("{relative(self._in[path], place)}").then((bundle) => bundle.{handle_of(path)})'

        for found in WORKER.finditer(module.source):
            self._check_worker(module.path_of(found["path"]))
        source = DYNAMIC.sub(link_dynamic, IMPORT.sub(link_import, module.source))
        if bundled:
            source = LISTED.sub("", DECLARED.sub("", source))
            source = source.replace(OWN_ADDRESS, f'new URL("{relative(module.name, place)}", import.meta.url)')
        return source

    def _check_worker(self, path: str) -> None:
        """A worker that imported a bundle would begin the page anew, without a document."""
        for name in self._reached([path]):
            if name in self._in:
                raise BundleError(f"{name} is bundled, and the worker {path} needs it")

    def _reached(self, paths: Sequence[str]) -> set[str]:
        """Those, and what they import, as far as it is ours and in no bundle."""
        waiting, reached = [*paths], set[str]()
        while waiting:
            name = waiting.pop()
            if name in reached:
                continue
            reached.add(name)
            if name.startswith(f"{FOLDER}/") and name not in self._in and name not in self._bundles:
                waiting += read_module(name, self._read(name)).imports
        return reached

    def _hand_on(self, module: Module) -> str:
        """At the module's own address, for who imports a path that is not written down."""
        bundle = relative(self._in[module.name], module.name)
        lines = [f'import {{ {handle_of(module.name)} as module }} from "{bundle}";']
        lines += [f"export const {name} = module.{name};" for name in sorted(module.exports)]
        return "\n".join((*lines, ""))

    def _map(self, bundle: str) -> str:
        """Where each line of the bundle was written (source map, format 3), so that errors name our files."""
        sections = []
        line = len(self.loose(bundle))
        for path in self._bundles[bundle]:
            module = self._modules[path]
            lines = module.source.count("\n") + 1
            part = {
                "version": 3,
                "sources": [relative(path, bundle)],
                "sourcesContent": [module.source],
                "names": [],
                "mappings": ";".join(("AAAA", *("AACA" for _ in range(lines - 1)))),
            }
            sections.append({"offset": {"line": line + 1, "column": 0}, "map": part})
            line += lines + 3
        return json_bytes({"version": 3, "sections": sections}).decode()


def relative(path: str, place: str) -> str:
    """
    The specifier of one path in a script at another.

    >>> relative("js/shared/dom.js", "js/first.js"), relative("vendor/idb/idb.js", "js/chat/store.js")
    ('./shared/dom.js', '../../vendor/idb/idb.js')
    """
    found = posixpath.relpath(path, posixpath.dirname(place))
    return found if found.startswith(".") else f"./{found}"
