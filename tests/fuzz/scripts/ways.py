"""What scripts of all frameworks have: odd habits, scales of data, ends."""

from hypothesis import strategies as st

SCALES = (
    "{}",
    "{}",
    "{}",
    "255 * {}",
    "1e4 * {} + 1e3",
    "1e-4 * {}",
    "0 * {}",
    "{} ** 3",
    "({}).abs()",
)
HABITS = (
    "import warnings; warnings.filterwarnings('error')",
    "import warnings; warnings.simplefilter('always')",
    "np.seterr(all='raise')",
    "np.set_printoptions(precision=2)",
    "import logging; logging.basicConfig(level=logging.DEBUG, filename='log.txt')",
    "import random; random.seed(1); print(random.random())",
    "np.random.seed(3); print(np.random.rand())",
    "import gc; gc.disable()",
    "sys.setrecursionlimit(500)",
    "import os; os.mkdir('out'); os.chdir('out')",
    "import os; os.environ['A'] = 'b'; print(len(os.environ))",
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    "import io; sys.stdout.flush(); print('to stderr', file=sys.stderr)",
    "import threading; print(threading.active_count())",
    "print(__name__, sys.argv, __spec__, __doc__)",
    "print(sorted(k for k in globals() if not k.startswith('__')))",
    "sys.path.append('nowhere'); print(sys.path[-1])",
    "import builtins; written = builtins.print",
    "import locale; locale.setlocale(locale.LC_ALL, 'C')",
    "import decimal; decimal.getcontext().prec = 3",
    "sys.setswitchinterval(1e-4)",
    "sys.excepthook = lambda *told: print('mine', told[0])",
    "import faulthandler; faulthandler.enable(open('faults.txt', 'w'))",
    "import contextvars; V = contextvars.ContextVar('v', default=1); V.set(2); print(V.get())",
    "import time; t = time.time; time.time = lambda: 0.0; time.time = t",
    "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE)[1] > 0)",
    "import collections; Counter = collections.Counter(); print(Counter)",
    "type = type; list = list; len = len; sum = sum",
    "import copyreg, weakref; alive = weakref.WeakSet()",
    "# -*- coding: utf-8 -*- ß 猫",
)  # fmt: skip
OF_TORCH = (
    "torch.set_default_dtype(torch.float64)",
    "torch.autograd.set_detect_anomaly(True)",
    "torch.use_deterministic_algorithms(True)",
    "torch.set_printoptions(precision=10)",
    "torch.set_default_device('cpu')",
    "torch.backends.mkldnn.enabled = False; torch.set_flush_denormal(False)",
    "random.seed(0); torch.manual_seed(random.randint(0, 9)); print(torch.initial_seed())",
)  # fmt: skip
ENDS = (
    "print(random.random(), np.random.rand())",
    "sys.exit()",
    "sys.exit(3)",
    "raise SystemExit",
    "print(sorted(k for k in globals() if not k.startswith('_')))",
    "print(sys.getrecursionlimit(), sys.gettrace(), sys.stdout is sys.__stdout__)",
    "import warnings; print(len(warnings.filters) > 0)",
    "print(np.geterr(), np.get_printoptions()['precision'])",
    "open('end.txt', 'w').write('ende')",
    "import os; print(os.listdir('.'), os.path.basename(os.getcwd()) in ('here', 'out'))",
    "import gc; print(gc.isenabled())",
    "import threading; print(threading.active_count())",
    "print('\\x1b[31mred\\x1b[0m ü', end='')",
    "if __name__ == '__main__': print('main')",
    "del x, y",
    "import locale, decimal; print(locale.setlocale(locale.LC_ALL), decimal.getcontext().prec)",
)  # fmt: skip


class Lines(list[str]):
    """What a script is made of."""

    def __init__(self, *lines: str) -> None:
        super().__init__(lines)

    @property
    def text(self) -> str:
        """Of the script."""
        return "\n".join(self) + "\n"


def one(several) -> st.SearchStrategy:
    """One of them."""
    return st.sampled_from(list(several))


def some(several, most: int) -> st.SearchStrategy[list[str]]:
    """A few of them."""
    return st.lists(one(several), max_size=most, unique=True)


def data_scale(base: str) -> st.SearchStrategy[str]:
    """Inputs, as they are or far too large, small or constant."""
    return one(SCALES).map(lambda scale: scale.format(base))


def oddities(framework: str) -> st.SearchStrategy[list[str]]:
    """Habits that few have."""
    return some(HABITS + OF_TORCH * (framework == "torch"), 2)


def ended() -> st.SearchStrategy[list[str]]:
    """Last lines."""
    last = st.lists(one(ENDS), max_size=2, unique=True)
    return last.map(lambda found: sorted(found, key=lambda line: "xit" in line))
