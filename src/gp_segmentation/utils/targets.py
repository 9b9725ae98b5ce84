"""Which objects a configuration file may name, by the role they are named for.

A configuration is data: it may choose a scaler, and must not be able to run anything. So each role says what
an object must be, and whatever else stands in the place is refused before anything is built.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from importlib import import_module
from typing import Any

from gp_segmentation.errors import ConfigError
from gp_segmentation.utils.allowed import did_you_mean

TRANSFORMERS = "gp_segmentation.matrix.transformers"
CLUSTERING = "gp_segmentation.clustering"
#: Keys that Hydra acts on; only the target itself is taken from a configuration.
_HYDRAS = ("_partial_", "_args_", "_recursive_", "_convert_")

#: The only callback that Hydra may be given: it makes a whole of the jobs of a multirun.
CALLBACK = "gp_segmentation.pipeline.sweeps.SweepCallback"

#: Resolvers a configuration may use: the environment, the time, and Hydra's own facts.
RESOLVERS = ("oc.env", "now", "hydra")
_INTERPOLATION = re.compile(r"\$\{\s*(?:(?P<resolver>[\w.]+)\s*:|[\w.\[\]]+\s*\})")


@dataclass(frozen=True)
class Role:
    """What may stand in a place: where it comes from, what it must be, and both in words."""

    wanted: str
    packages: tuple[str, ...]
    fits: Callable[[Any], bool]
    #: Whether the target is a function to be called later (`_partial_`).
    partial: bool = False


def _is_estimator(found: Any, *methods: str) -> bool:
    """Whether `found` is a class of scikit-learn's kind that has `methods`."""
    if not _is_class(found):
        return False
    bases = {f"{base.__module__}.{base.__name__}" for base in inspect.getmro(found)}
    return "sklearn.base.BaseEstimator" in bases and all(hasattr(found, method) for method in methods)


def _is_class(found: Any) -> bool:
    return inspect.isclass(found) and not inspect.isabstract(found)


def _makes_imputer(found: Any) -> bool:
    return inspect.isfunction(found) and found.__name__.endswith("_imputer")


def _is_sampler(found: Any) -> bool:
    return _is_class(found) and "BaseSampler" in {base.__name__ for base in inspect.getmro(found)}


def _is_named(name: str) -> Callable[[Any], bool]:
    return lambda found: getattr(found, "__name__", None) == name and callable(found)


def _is_block(found: Any) -> bool:
    called = _is_class(found) and any("__call__" in vars(base) for base in inspect.getmro(found))
    return called and is_dataclass(found) and "weight" in {field.name for field in fields(found)}


_TRANSFORMER = Role(
    f"a transformer class (fit and transform) of scikit-learn or {TRANSFORMERS}",
    ("sklearn", TRANSFORMERS),
    lambda found: _is_estimator(found, "fit", "transform") or _makes_imputer(found),
)
#: Role -> what may be named for it.
ROLES: dict[str, Role] = {
    **dict.fromkeys(("imputer", "outliers", "scaler", "reducer"), _TRANSFORMER),
    "clusterer": Role(
        f"a clusterer class (fit_predict) of scikit-learn or {CLUSTERING}, or {CLUSTERING}.gaussian_mixture",
        ("sklearn", CLUSTERING),
        lambda found: _is_estimator(found, "fit_predict") or _is_named("gaussian_mixture")(found),
    ),
    "sampler": Role(
        "a sampler of optuna.samplers, or gp_segmentation.study.brute_force",
        ("optuna.samplers", "gp_segmentation.study"),
        lambda found: _is_sampler(found) or _is_named("brute_force")(found),
    ),
    "block": Role("a block of features (gp_segmentation.features)", ("gp_segmentation.features",), _is_block),
    "selection": Role(
        "gp_segmentation.features.Selection", ("gp_segmentation.features",), _is_named("Selection")
    ),
    "special": Role(
        "gp_segmentation.features.SpecialRules", ("gp_segmentation.features",), _is_named("SpecialRules")
    ),
    "reader": Role(
        "a reader (a function read_... of gp_segmentation.sources)",
        ("gp_segmentation.sources",),
        lambda found: inspect.isfunction(found) and found.__name__.startswith("read_"),
        partial=True,
    ),
    "england": Role(
        "gp_segmentation.sources.synthetic.write_england",
        ("gp_segmentation.sources.synthetic",),
        _is_named("write_england"),
        partial=True,
    ),
}
#: What an object may itself be made of: estimators within an estimator, a sampler within a sampler.
_PART = Role(
    "an estimator class of scikit-learn or the project, or a sampler of optuna.samplers",
    ("sklearn", TRANSFORMERS, CLUSTERING, "optuna.samplers"),
    lambda found: _is_estimator(found) or _is_sampler(found),
)


def check_node(node: Mapping[str, Any], *roles: str) -> Callable[..., Any]:
    """Return what a node names, if it fits one of `roles` (none: any) and what is within it is harmless.

    Raises
    ------
    ConfigError : naming the target and what may stand there; also for an interpolation that is still open,
        since what was checked must be what is built, and for a folder that results would be cached in.
    """
    roles = roles or tuple(ROLES)
    found = _check_target(str(node["_target_"]), [ROLES[role] for role in roles], " or ".join(roles))
    may_wait = any(ROLES[role].partial for role in roles)
    for inner in below(node):
        if isinstance(inner, Mapping):
            _check_keys(inner, _HYDRAS[1:] if inner is node and may_wait else _HYDRAS)
            if inner is not node and inner.get("_target_") is not None:
                _check_target(str(inner["_target_"]), [_PART], f"part of {node['_target_']}")
        elif isinstance(inner, str) and "${" in inner:
            problem = f"{node['_target_']} is given {inner!r}, which is no value"
            raise ConfigError(f"{problem}. Write the value itself")
    return found


def _check_keys(node: Mapping[str, Any], refused: tuple[str, ...]) -> None:
    for key in node:
        if key in refused:
            raise ConfigError(f"{key} is not allowed in a configuration. Leave it out")
    if node.get("memory") is not None:  # joblib's cache: a folder of pickles
        raise ConfigError(f"memory={node['memory']!r} is not allowed: it is read by running it. Leave it out")


def construct(value: Any) -> Any:
    """Build what a checked node names from its other keys, and before it the objects within it."""
    if isinstance(value, list | tuple):
        return [construct(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    target, later = value.get("_target_"), value.get("_partial_")
    inner = {key: construct(one) for key, one in value.items() if key not in ("_target_", "_partial_")}
    if target is None:
        return inner
    module, _, name = str(target).rpartition(".")
    found = getattr(import_module(module), name)
    return partial(found, **inner) if later else found(**inner)


def check_interpolations(key: str, text: str) -> None:
    """Refuse what is no reference to a key and no known resolver: others make nodes or run code."""
    for begun in re.finditer(r"\$\{", text):
        found = _INTERPOLATION.match(text, begun.start())
        if found is None or found["resolver"] not in (None, *RESOLVERS):
            raise ConfigError(
                f"{key} holds the interpolation {text[begun.start() :][:60]}; allowed are ${{a.key}} and the "
                f"resolvers {', '.join(RESOLVERS)}. Write the value itself"
            )


def check_hydra(node: Mapping[str, Any]) -> None:
    """Refuse a `hydra` node by which Hydra, or the logging it sets up, would call anything but itself.

    Raises
    ------
    ConfigError : for a callback that is not `CALLBACK`, for a target that is no plugin of Hydra, and for a
        handler or formatter that is not one of Python's logging (or colorlog).
    """
    for key, callback in (node.get("callbacks") or {}).items():
        if callback != {"_target_": CALLBACK}:
            raise ConfigError(
                f"hydra.callbacks.{key} is not allowed: it is code that Hydra would run. Leave it out"
            )
    for inner in below({key: value for key, value in node.items() if key != "callbacks"}):
        for key, value in inner.items() if isinstance(inner, Mapping) else ():
            if value is not None and not _is_hydras_own(str(key), str(value)):
                raise ConfigError(f"hydra: {key}: {value} is not allowed: it would be called. Leave it out")


def _is_hydras_own(key: str, value: str) -> bool:
    """Whether an entry of Hydra's node calls nothing but Hydra, its plugins and Python's own loggers."""
    if key == "_target_":
        return value.startswith(("hydra._internal.", "hydra_plugins."))
    if key == "class":
        return value.startswith("logging.") and value.count(".") == 1
    if key == "()":
        return value == "colorlog.ColoredFormatter"
    return not value.startswith("ext://") or value in ("ext://sys.stdout", "ext://sys.stderr")


def below(node: Any) -> Iterator[Any]:
    """Yield a node and all that is within it."""
    yield node
    inner = node.values() if isinstance(node, Mapping) else node if isinstance(node, list | tuple) else ()
    for value in inner:
        yield from below(value)


def _check_target(target: str, roles: list[Role], place: str) -> Callable[..., Any]:
    """Return what is called `target`; refuse what fits none of `roles` by name and by where it was defined.

    The name alone would not do: every module also offers what it imports (``gp_segmentation.cli.sys``).
    """
    wanted = " or ".join(dict.fromkeys(role.wanted for role in roles))
    refused = ConfigError(f"_target_ {target} is not allowed as {place}: it must be {wanted}")
    module, _, name = target.rpartition(".")
    able = [role for role in roles if _is_below(module, role.packages)]
    if not able or any(part.startswith("_") for part in target.split(".")):
        raise refused
    try:
        offered = import_module(module)
        found = getattr(offered, name)
    except ImportError as error:
        raise ConfigError(f"_target_ {target} does not exist: {error}") from error
    except AttributeError:
        near = did_you_mean(name, dir(offered))
        raise ConfigError(f"_target_ {target} does not exist: {module} has no {name}.{near}") from None
    home = str(getattr(found, "__module__", None))
    if not any(role.fits(found) and _is_below(home, role.packages) for role in able):
        raise refused
    made: Callable[..., Any] = found
    return made


def _is_below(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)
