"""ATen operations in JAX: what a traced PyTorch graph is made of, backward passes included.

Names and signatures are those of PyTorch's ATen; decompositions have taken the rest away. What is
not here makes a graph untranslatable, and such a set-up is trained in PyTorch.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import torch
from jax import Array, lax

DTYPES = {
    torch.float32: jnp.float32,
    torch.float64: jnp.float64,  # within `graph.precision`
    torch.int64: jnp.int32,  # as JAX counts without its 64-bit mode
    torch.int32: jnp.int32,
    torch.int16: jnp.int16,
    torch.int8: jnp.int8,
    torch.uint8: jnp.uint8,
    torch.bool: jnp.bool_,
}


def dtype_of(dtype: Any) -> Any:
    """JAX's dtype for PyTorch's; None stays None.

    Raises:
        KeyError: it has none here, as half precision and complex numbers.
    """
    return None if dtype is None else DTYPES[dtype]


def _axes(dim: Any) -> Any:
    if isinstance(dim, Sequence):
        return tuple(dim) or None
    return dim


def _add(a: Any, b: Any, alpha: Any = 1) -> Any:
    return a + (b if alpha == 1 else alpha * b)


def _sub(a: Any, b: Any, alpha: Any = 1) -> Any:
    return a - (b if alpha == 1 else alpha * b)


def _div(a: Any, b: Any, rounding_mode: str | None = None) -> Any:
    quotient = jnp.true_divide(a, b)
    if rounding_mode is None:
        return quotient
    return jnp.floor(quotient) if rounding_mode == "floor" else jnp.trunc(quotient)


def _cast(a: Array, dtype: Any = None, **_: Any) -> Array:
    return a if dtype is None else a.astype(dtype_of(dtype))


def _clamp(a: Array, low: Any = None, high: Any = None) -> Array:
    a = a if low is None else jnp.maximum(a, low)
    return a if high is None else jnp.minimum(a, high)


def _sum(a: Array, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Array:
    return jnp.sum(a, _axes(dim), dtype=dtype_of(dtype), keepdims=keepdim)


def _mean(a: Array, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Array:
    return jnp.mean(a, _axes(dim), dtype=dtype_of(dtype), keepdims=keepdim)


def _prod(a: Array, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Array:
    return jnp.prod(a, dim, dtype=dtype_of(dtype), keepdims=keepdim)


def _var(a: Array, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> Array:
    return jnp.var(a, _axes(dim), ddof=1 if correction is None else correction, keepdims=keepdim)


def _view(a: Array, *shape: Any) -> Array:
    return a.reshape(shape[0] if len(shape) == 1 and isinstance(shape[0], Sequence) else shape)


def _squeeze(a: Array, dim: Any = None) -> Array:
    if dim is None:
        return jnp.squeeze(a)
    dims = dim if isinstance(dim, Sequence) else [dim]
    return jnp.squeeze(a, tuple(d for d in dims if a.ndim and a.shape[d] == 1))


def _expand(a: Array, shape: Sequence[int], **_: Any) -> Array:
    kept = (1,) * (len(shape) - a.ndim) + a.shape
    return jnp.broadcast_to(a, tuple(k if s == -1 else s for s, k in zip(shape, kept, strict=True)))


def _slice(a: Array, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Array:
    return a[(slice(None),) * (dim % a.ndim) + (slice(start, end, step),)]


def _slice_scatter(a: Array, source: Array, dim: int = 0, *cut: Any) -> Array:
    return a.at[(slice(None),) * (dim % a.ndim) + (slice(*(*cut, None, None)[:3]),)].set(source)


def _select(a: Array, dim: int, index: int) -> Array:
    return jnp.take(a, index % a.shape[dim], axis=dim)


def _split(a: Array, sizes: Sequence[int], dim: int = 0) -> list[Array]:
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes) - 1)]
    return jnp.split(a, ends, axis=dim)


def _full(shape: Sequence[int], value: Any, dtype: Any = None, **_: Any) -> Array:
    return jnp.full(tuple(shape), value, dtype_of(dtype) or jnp.result_type(type(value)))


def _full_like(a: Array, value: Any, dtype: Any = None, **_: Any) -> Array:
    return jnp.full(a.shape, value, dtype_of(dtype) or a.dtype)


def _arange(start: Any, end: Any, step: Any = 1, dtype: Any = None, **_: Any) -> Array:
    return jnp.arange(start, end, step, dtype_of(dtype))


def _scalar(value: Any, dtype: Any = None, **_: Any) -> Any:
    return jnp.asarray(value, dtype_of(dtype))


def _addmm(c: Array, a: Array, b: Array, beta: Any = 1, alpha: Any = 1) -> Array:
    return beta * c + alpha * (a @ b)  # type: ignore[no-any-return]


def _gather(a: Array, dim: int, index: Array, sparse_grad: bool = False) -> Array:
    del sparse_grad
    return jnp.take_along_axis(a, index, axis=dim)


def _scatter(a: Array, dim: int, index: Array, source: Any) -> Array:
    return jnp.put_along_axis(
        a, index, jnp.broadcast_to(jnp.asarray(source, a.dtype), index.shape), axis=dim,
        inplace=False,
    )  # fmt: skip


def _index(a: Array, indices: Sequence[Any]) -> Array:
    return a[tuple(slice(None) if i is None else i for i in indices)]


def _index_put(a: Array, indices: Sequence[Any], values: Any, accumulate: bool = False) -> Array:
    at = a.at[tuple(slice(None) if i is None else i for i in indices)]
    return at.add(values) if accumulate else at.set(values)


def _pad(a: Array, pad: Sequence[int], value: Any = 0.0) -> Array:
    pairs = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)][::-1]
    config = [(0, 0, 0)] * (a.ndim - len(pairs)) + [(low, high, 0) for low, high in pairs]
    return lax.pad(a, jnp.asarray(value, a.dtype), config)


def _gelu(a: Array, approximate: str = "none") -> Array:
    return jax.nn.gelu(a, approximate=approximate == "tanh")


def _elu(a: Array, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Array:
    low = jnp.expm1(jnp.minimum(a, 0) * input_scale) * alpha
    return scale * jnp.where(a > 0, a, low)


def _log_softmax(a: Array, dim: int, half_to_float: bool = False) -> Array:
    del half_to_float
    return jax.nn.log_softmax(a, axis=dim)


def _softmax(a: Array, dim: int, half_to_float: bool = False) -> Array:
    del half_to_float
    return jax.nn.softmax(a, axis=dim)


def _max_dim(a: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
    return jnp.max(a, dim, keepdims=keepdim), jnp.argmax(a, dim, keepdims=keepdim)


def _min_dim(a: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
    return jnp.min(a, dim, keepdims=keepdim), jnp.argmin(a, dim, keepdims=keepdim)


def _argmax(a: Array, dim: Any = None, keepdim: bool = False) -> Array:
    return jnp.argmax(a, dim, keepdims=keepdim)


def _layer_norm(
    a: Array, shape: Sequence[int], weight: Any, bias: Any, eps: float
) -> tuple[Array, Array, Array]:
    axes = tuple(range(a.ndim - len(shape), a.ndim))
    mean, var = jnp.mean(a, axes, keepdims=True), jnp.var(a, axes, keepdims=True)
    inverse = lax.rsqrt(var + eps)
    normal = (a - mean) * inverse
    normal = normal if weight is None else normal * weight
    return normal if bias is None else normal + bias, mean, inverse


def _batch_norm(
    a: Array,
    weight: Any,
    bias: Any,
    mean: Any,
    var: Any,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[Array, ...]:
    """(output, batch mean, 1/σ, next running mean, next running variance)."""
    axes, shape = (0, *range(2, a.ndim)), (1, -1, *(1,) * (a.ndim - 2))
    if training:
        at, spread, n = jnp.mean(a, axes), jnp.var(a, axes), a.size // a.shape[1]
        if mean is not None:
            mean = (1 - momentum) * mean + momentum * at
            var = (1 - momentum) * var + momentum * spread * n / max(1, n - 1)
        inverse = lax.rsqrt(spread + eps)
        kept = at, inverse
    else:
        at, inverse = mean, lax.rsqrt(var + eps)
        kept = jnp.zeros(0), jnp.zeros(0)
    normal = (a - at.reshape(shape)) * inverse.reshape(shape)
    normal = normal if weight is None else normal * weight.reshape(shape)
    normal = normal if bias is None else normal + bias.reshape(shape)
    return normal, *kept, mean, var


def _batch_norm_without(
    a: Array, weight: Any, bias: Any, training: bool, momentum: float, eps: float
) -> tuple[Array, ...]:
    return _batch_norm(a, weight, bias, None, None, training, momentum, eps)[:3]


def _many(values: Sequence[int], axes: int) -> tuple[int, ...]:
    """A number an axis, where one may stand for all."""
    return tuple(values) if len(values) == axes else tuple(values) * axes


def _conv(
    a: Array,
    kernel: Array,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
) -> Array:
    spatial = a.ndim - 2
    letters = "HWD"[:spatial]
    dims = lax.conv_dimension_numbers(
        a.shape, kernel.shape, (f"NC{letters}", f"OI{letters}", f"NC{letters}")
    )
    pads = [(p, p) for p in _many(padding, spatial)]
    return lax.conv_general_dilated(
        a,
        kernel,
        _many(stride, spatial),
        pads,
        rhs_dilation=_many(dilation, spatial),
        dimension_numbers=dims,
        feature_group_count=groups,
    )


def _convolution(
    a: Array,
    kernel: Array,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
) -> Array:
    del output_padding
    if transposed:
        raise NotImplementedError("transposed convolution")
    out = _conv(a, kernel, stride, padding, dilation, groups)
    return out if bias is None else out + bias.reshape(1, -1, *(1,) * (a.ndim - 2))


def _convolution_backward(
    g: Array,
    a: Array,
    kernel: Array,
    bias_sizes: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
    mask: Sequence[bool],
) -> tuple[Any, Any, Any]:
    del bias_sizes, output_padding
    if transposed:
        raise NotImplementedError("transposed convolution")

    def forward(a: Array, kernel: Array) -> Array:
        return _conv(a, kernel, stride, padding, dilation, groups)

    at_input, at_kernel = jax.vjp(forward, a, kernel)[1](g)
    at_bias = jnp.sum(g, (0, *range(2, g.ndim))) if mask[2] else None
    return at_input if mask[0] else None, at_kernel if mask[1] else None, at_bias


def _windows(
    kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int]
) -> tuple[tuple[int, ...], tuple[int, ...], list[tuple[int, int]]]:
    steps = _many(stride or kernel, 2)
    pads = [(0, 0), (0, 0), *((p, p) for p in _many(padding, 2))]
    return (1, 1, *_many(kernel, 2)), (1, 1, *steps), pads


def _max_pool(
    a: Array, kernel: Any, stride: Any = (), padding: Any = (0,), dilation: Any = (1,),
    ceil_mode: bool = False,
) -> Array:  # fmt: skip
    if ceil_mode or set(dilation) != {1}:
        raise NotImplementedError("pooling with dilation or ceil_mode")
    return lax.reduce_window(a, -jnp.inf, lax.max, *_windows(kernel, stride, padding))  # type: ignore[no-any-return]


def _max_pool_with_indices(a: Array, *rest: Any) -> tuple[Array, None]:
    return _max_pool(a, *rest), None  # its backward pass finds the places again


def _max_pool_backward(
    g: Array, a: Array, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool,
    indices: Any,
) -> Array:  # fmt: skip
    del indices
    back = jax.vjp(lambda a: _max_pool(a, kernel, stride, padding, dilation, ceil_mode), a)[1]
    return back(g)[0]  # type: ignore[no-any-return]


def _avg_pool(
    a: Array, kernel: Any, stride: Any = (), padding: Any = (0,), ceil_mode: bool = False,
    count_include_pad: bool = True, divisor: Any = None,
) -> Array:  # fmt: skip
    if ceil_mode or divisor or (set(padding) != {0} and not count_include_pad):
        raise NotImplementedError("average pooling of another kind")
    windows = _windows(kernel, stride, padding)
    return lax.reduce_window(a, 0.0, lax.add, *windows) / math.prod(windows[0])  # type: ignore[no-any-return]


def _avg_pool_backward(g: Array, a: Array, *rest: Any) -> Array:
    return jax.vjp(lambda a: _avg_pool(a, *rest), a)[1](g)[0]  # type: ignore[no-any-return]


def _embedding(weight: Array, ids: Array, *_: Any) -> Array:
    return weight[ids]


def _same(a: Any, *_: Any, **__: Any) -> Any:
    return a


OPS: dict[str, Callable[..., Any]] = {
    "_log_softmax": _log_softmax,
    "_native_batch_norm_legit": _batch_norm,
    "_native_batch_norm_legit.no_stats": _batch_norm_without,
    "_native_batch_norm_legit_functional": _batch_norm,
    "_softmax": _softmax,
    "_to_copy": _cast,
    "_unsafe_view": _view,
    "abs": jnp.abs,
    "add": _add,
    "addmm": _addmm,
    "alias": _same,
    "alias_copy": _same,
    "all": lambda a, dim=None, keepdim=False: jnp.all(a, _axes(dim), keepdims=keepdim),
    "amax": lambda a, dim=None, keepdim=False: jnp.max(a, _axes(dim), keepdims=keepdim),
    "amin": lambda a, dim=None, keepdim=False: jnp.min(a, _axes(dim), keepdims=keepdim),
    "any": lambda a, dim=None, keepdim=False: jnp.any(a, _axes(dim), keepdims=keepdim),
    "arange": _arange,
    "argmax": _argmax,
    "avg_pool2d": _avg_pool,
    "avg_pool2d_backward": _avg_pool_backward,
    "bitwise_and": jnp.bitwise_and,
    "bitwise_not": jnp.bitwise_not,
    "bitwise_or": jnp.bitwise_or,
    "bmm": jnp.matmul,
    "cat": lambda parts, dim=0: jnp.concatenate(parts, dim),
    "ceil": jnp.ceil,
    "clamp": _clamp,
    "clamp_max": lambda a, high: jnp.minimum(a, high),
    "clamp_min": lambda a, low: jnp.maximum(a, low),
    "clone": _same,
    "constant_pad_nd": _pad,
    "convolution": _convolution,
    "convolution_backward": _convolution_backward,
    "copy": lambda a, b, *_: jnp.broadcast_to(b, a.shape).astype(a.dtype),
    "cos": jnp.cos,
    "cumsum": lambda a, dim, dtype=None: jnp.cumsum(a, dim, dtype_of(dtype)),
    "detach": _same,
    "div": _div,
    "elu": _elu,
    "embedding": _embedding,
    "eq": jnp.equal,
    "erf": lax.erf,
    "exp": jnp.exp,
    "expand": _expand,
    "expand_copy": _expand,
    "expm1": jnp.expm1,
    "flip": jnp.flip,
    "floor": jnp.floor,
    "full": _full,
    "full_like": _full_like,
    "gather": _gather,
    "ge": jnp.greater_equal,
    "gelu": _gelu,
    "gt": jnp.greater,
    "hardtanh": _clamp,
    "index": _index,
    "index_put": _index_put,
    "index_select": lambda a, dim, index: jnp.take(a, index, axis=dim),
    "isinf": jnp.isinf,
    "isnan": jnp.isnan,
    "le": jnp.less_equal,
    "leaky_relu": lambda a, slope=0.01: jnp.where(a > 0, a, a * slope),
    "lift_fresh_copy": _same,
    "log": jnp.log,
    "log1p": jnp.log1p,
    "logical_and": jnp.logical_and,
    "logical_not": jnp.logical_not,
    "logical_or": jnp.logical_or,
    "lt": jnp.less,
    "max": lambda a, *rest: _max_dim(a, *rest) if rest else jnp.max(a),
    "max_pool2d_with_indices": _max_pool_with_indices,
    "max_pool2d_with_indices_backward": _max_pool_backward,
    "maximum": jnp.maximum,
    "mean": _mean,
    "min": lambda a, *rest: _min_dim(a, *rest) if rest else jnp.min(a),
    "minimum": jnp.minimum,
    "mm": jnp.matmul,
    "mul": jnp.multiply,
    "native_batch_norm": _batch_norm,
    "native_layer_norm": _layer_norm,
    "ne": jnp.not_equal,
    "neg": jnp.negative,
    "permute": jnp.transpose,
    "permute_copy": jnp.transpose,
    "pow": jnp.power,
    "prod": _prod,
    "reciprocal": jnp.reciprocal,
    "relu": lambda a: jnp.maximum(a, 0),
    "repeat": jnp.tile,
    "rsqrt": lax.rsqrt,
    "scalar_tensor": _scalar,
    "scatter": _scatter,
    "select": _select,
    "select_copy": _select,
    "sigmoid": jax.nn.sigmoid,
    "sign": jnp.sign,
    "sin": jnp.sin,
    "slice": _slice,
    "slice_copy": _slice,
    "slice_scatter": _slice_scatter,
    "split_with_sizes": _split,
    "split_with_sizes_copy": _split,
    "sqrt": jnp.sqrt,
    "squeeze": _squeeze,
    "squeeze_copy": _squeeze,
    "stack": lambda parts, dim=0: jnp.stack(parts, dim),
    "sub": _sub,
    "sum": _sum,
    "t": jnp.transpose,
    "t_copy": jnp.transpose,
    "tanh": jnp.tanh,
    "transpose": jnp.swapaxes,
    "transpose_copy": jnp.swapaxes,
    "unsqueeze": jnp.expand_dims,
    "unsqueeze_copy": jnp.expand_dims,
    "var": _var,
    "view": _view,
    "view_copy": _view,
    "where": jnp.where,
}
