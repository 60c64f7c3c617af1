import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import rel_entr
from sklearn.base import clone

from skl_sparse_ae import KL, L1, Contractive, TopK
from skl_sparse_ae._network._activations import ACTIVATIONS
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._objective._dense import DenseObjective
from skl_sparse_ae._penalties._linear import _squared_norms
from skl_sparse_ae._penalties._registry import PENALTIES, make_penalty

from .. import numeric

MEANS = np.array([0.02, 0.1, 0.3, 0.5, 0.9])
DEFAULTS = [cls() for cls in PENALTIES.values()]


@pytest.mark.parametrize("name", PENALTIES)
def test_psi_derivative_agrees_with_differences(name):
    penalty = make_penalty(name, rho=0.1, beta=3.0)
    expected = numeric.derivative(penalty.psi, MEANS, step=1e-7)
    assert_allclose(penalty.psi_derivative(MEANS), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", PENALTIES)
def test_is_linear_says_whether_the_slope_is_the_same_everywhere(name):
    penalty = make_penalty(name, rho=0.1, beta=3.0)
    slopes = penalty.psi_derivative(MEANS)
    assert penalty.is_linear == bool(np.all(slopes == slopes[0]))


@pytest.mark.parametrize("activation", ["logistic", "tanh"])
@pytest.mark.parametrize("penalty", DEFAULTS)
def test_phi_derivative_agrees_with_differences(penalty, activation):
    activation = ACTIVATIONS[activation]()
    low, high = activation.range
    a = np.array([0.1, 0.3, 0.7, 0.9]) * (high - low) + low
    expected = numeric.derivative(lambda a: penalty.phi(a, activation), a)
    assert_allclose(penalty.phi_derivative(a, activation) + 0 * a, expected, rtol=1e-6)


def test_kl_is_the_divergence_of_two_coins():
    rho, s = 0.2, MEANS
    expected = 3.0 * (rel_entr(rho, s) + rel_entr(1 - rho, 1 - s))
    assert_allclose(KL(rho=rho, beta=3.0).psi(s), expected)


def test_kl_by_hand():
    # 1/2 log(1/2 / 1/4) + 1/2 log(1/2 / 3/4) = log(4/3) / 2
    assert_allclose(KL(rho=0.5, beta=2.0).psi(np.array([0.25])), np.log(4 / 3))


def test_kl_is_zero_and_flat_at_the_target():
    penalty, target = KL(rho=0.05, beta=3.0), np.array([0.05])
    assert_allclose(penalty.psi(target), 0, atol=1e-15)
    assert_allclose(penalty.psi_derivative(target), 0, atol=1e-12)


@pytest.mark.parametrize("s", [0.0, 1.0])
def test_kl_is_finite_for_units_that_are_always_off_or_on(s):
    penalty = KL(rho=0.05, beta=3.0)
    with np.errstate(all="raise"):
        assert np.isfinite(penalty.psi(np.array([s]))).all()
        pull = penalty.psi_derivative(np.array([s]))
    assert np.isfinite(pull).all()
    assert np.sign(pull) == (1 if s == 1 else -1)


def test_kl_maps_tanh_to_the_unit_interval():
    a = np.array([-1.0, 0.0, 1.0])
    assert_array_equal(KL().phi(a, ACTIVATIONS["tanh"]()), [0, 0.5, 1])
    assert KL(rho=0.25).initial_activation(ACTIVATIONS["tanh"]()) == -0.5


@pytest.mark.parametrize("activation", ["relu", "identity"])
def test_kl_refuses_unbounded_activations(activation):
    with pytest.raises(ValueError, match=f"activation='{activation}' is unbounded"):
        KL().check(ACTIVATIONS[activation]())


def test_l1_is_the_mean_absolute_activation():
    a = np.array([[1.0, -2.0], [3.0, 0.0]])
    phi = L1().phi(a, ACTIVATIONS["identity"]())
    assert_allclose(L1(beta=0.5).psi(phi.mean(axis=0)), [1.0, 0.5])


@pytest.mark.parametrize(
    "penalty",
    [
        *(penalty for penalty in DEFAULTS if penalty.get_params()),
        KL(rho=0.2),
        L1(beta=0.3),
        TopK(rho=0.4),
        Contractive(beta=0.3),
    ],
)
def test_penalties_can_be_cloned_and_set(penalty):
    copy = clone(penalty)
    assert copy is not penalty
    assert copy.get_params() == penalty.get_params()
    name = next(iter(penalty.get_params()))
    assert penalty.set_params(**{name: 0.7}).get_params()[name] == 0.7
    assert copy.get_params()[name] != 0.7


def test_make_penalty_ignores_parameters_that_a_penalty_does_not_have():
    assert make_penalty("kl", rho=0.2, beta=3.0).get_params() == {"rho": 0.2, "beta": 3}
    assert make_penalty("topk", rho=0.2, beta=3.0).rho == 0.2
    assert make_penalty(None, rho=0.2, beta=3.0).get_params() == {}


@pytest.mark.parametrize(
    ("name", "factor"),
    [("kl", 9), ("l1", 3), ("contractive", 81), ("topk", 1), ("batch_topk", 1)],
)
def test_the_default_beta_scales_as_the_objective_does(name, factor):
    # If X is multiplied by c = 3, so are its standard deviation and the contributions
    # of the units to the reconstruction. J is multiplied by c^2, the Jacobian of a code
    # that stays the same by 1 / c. The auxiliary loss of a selection scales as J does.
    default_beta = PENALTIES[name].default_beta
    small, large = (default_beta(v, 5, 10, v, 1.0) for v in (2.0, 18.0))
    assert large / small == pytest.approx(factor)


#: Penalties whose term cannot be multiplied by c^2 if X is multiplied by c, whatever
#: their default weight is, with the reason.
NOT_HOMOGENEOUS = {}
HOMOGENEOUS = [
    name
    for name, cls in PENALTIES.items()
    if cls.has_term and name not in NOT_HOMOGENEOUS
]


@pytest.mark.parametrize("name", HOMOGENEOUS)
def test_the_default_penalty_scales_as_the_objective_does(name, rng):
    """The term of X times c is c^2 times that of X, with the parameters for each."""
    cls, scale = PENALTIES[name], 3.0
    activation = ACTIVATIONS[cls.default_activation]()
    is_bounded = np.isfinite(activation.range).all()
    X, layout = rng.uniform(size=(20, 4)), Layout(4, 5)
    start = layout.views(rng.normal(size=layout.size))
    # Bounded activations stay the same; unbounded ones are multiplied by c.
    scaled = start._replace(
        encoder_coef=start.encoder_coef / (scale if is_bounded else 1),
        encoder_intercept=start.encoder_intercept * (1 if is_bounded else scale),
        components=start.components * (scale if is_bounded else 1),
    )
    terms = []
    for c, parameters in [(1.0, start), (scale, scaled)]:
        beta = cls.default_beta(2 * c**2, 4, 5, 2 * c**2, 1.0)
        penalty = make_penalty(name, rho=0.2, beta=beta)
        penalty.set_dictionary_unit(c if is_bounded else 1.0)
        network = Network.from_names(layout, activation.name, "identity", penalty)
        code = network.encode(parameters, c * X, np.empty((20, 5)))
        psi = penalty.psi(penalty.phi(code, activation).mean(axis=0))
        weights = penalty.unit_weights(parameters)
        terms.append(psi.sum() if weights is None else weights @ psi)
    assert terms[1] == pytest.approx(scale**2 * terms[0])


@pytest.mark.parametrize("unit", [0.0, 0.5])
def test_l1_weights_are_norms_of_the_units(unit, rng):
    layout = Layout(3, 2)
    theta = rng.normal(size=layout.size)
    parameters = layout.views(theta)
    penalty = L1()
    penalty.set_dictionary_unit(unit)
    squares = (parameters.components**2).sum(axis=1)
    assert_allclose(penalty.unit_weights(parameters), np.sqrt(squares + unit**2))
    assert L1(scale_invariant=False).unit_weights(parameters) is None


def test_l1_weights_have_a_subgradient_at_zero():
    layout = Layout(3, 2)
    theta, gradient = np.zeros(layout.size), np.zeros(layout.size)
    with np.errstate(all="raise"):
        L1().add_weight_gradient(
            layout.views(theta), layout.views(gradient), np.ones(2)
        )
    assert_array_equal(gradient, 0)


@pytest.mark.parametrize("activation", ["logistic", "tanh", "identity"])
def test_contractive_is_the_squared_jacobian_norm(activation, rng):
    layout = Layout(4, 3)
    parameters = layout.views(rng.normal(size=layout.size))
    penalty = Contractive(beta=0.7)
    network = Network.from_names(layout, activation, "identity", penalty)
    x = rng.normal(size=4)

    def code(x):
        return network.encode(parameters, x[None], np.empty((1, 3)))

    jacobian = [numeric.gradient(lambda x, j=j: code(x)[0, j], x) for j in range(3)]
    phi = penalty.phi(code(x), network.activation)[0]
    term = penalty.unit_weights(parameters) @ penalty.psi(phi)
    assert_allclose(term, 0.7 * np.sum(np.square(jacobian)), rtol=1e-7)


def test_without_decay_the_contractive_term_has_no_minimum(rng, team):
    # Units with small weights are linear, f(z) = 1/2 + z / 4, which the decoder undoes.
    network = Network.from_names(
        Layout(3, 3), "logistic", "identity", Contractive(beta=1.0)
    )
    objective = DenseObjective(network, 0.0, team=team, dtype=float)
    objective.use_rows(rng.normal(size=(30, 3)))
    theta = np.zeros(network.layout.size)
    parameters = network.layout.views(theta)
    values = []
    for factor in (10, 100, 1000):
        parameters.encoder_coef[...] = np.eye(3) / factor
        parameters.components[...] = 4 * factor * np.eye(3)
        parameters.decoder_intercept[...] = -2 * factor
        values.append(objective.terms(theta).total)
    assert_allclose(values, [3 / 16 / f**2 for f in (10, 100, 1000)], rtol=0.2)


def test_squared_norms_on_a_device_are_those_of_numpy(rng):
    xp = pytest.importorskip("array_api_strict")
    matrix = rng.normal(size=(4, 3))
    expected = (matrix**2).sum(axis=0)
    assert_allclose(_squared_norms(matrix), expected)
    assert_allclose(np.asarray(_squared_norms(xp.asarray(matrix))), expected)
