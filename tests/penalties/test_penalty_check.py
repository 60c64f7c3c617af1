import numpy as np
import pytest

from skl_sparse_ae import Penalty, SparseAutoencoder
from skl_sparse_ae._network._activations import ACTIVATIONS
from skl_sparse_ae._penalties._check import check_penalty
from skl_sparse_ae._penalties._registry import PENALTIES, make_penalty


class LogPenalty(Penalty):
    """A complete penalty, not linear in the mean."""

    default_activation = "relu"
    is_linear = False

    def __init__(self, beta=0.1):
        self.beta = beta

    def phi(self, a, activation):
        return a**2

    def phi_derivative(self, a, activation):
        return 2 * a

    def psi(self, s):
        return self.beta * np.log1p(s)

    def psi_derivative(self, s):
        return self.beta / (1 + s)

    def unit_weights(self, parameters):
        return (parameters.components**2).sum(axis=1)

    def add_weight_gradient(self, parameters, gradients, penalties):
        gradients.components[...] += 2 * penalties[:, None] * parameters.components


def without(*names):
    """Return the complete penalty without some of its methods."""
    inherited = {name: getattr(Penalty, name) for name in names}
    return type("Lacking", (LogPenalty,), inherited)()


def replaced(**members):
    return type("Wrong", (LogPenalty,), members)()


def is_allowed(penalty, activation):
    try:
        penalty.check(activation)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("name", PENALTIES)
def test_registered_penalties_are_complete(name, activation):
    penalty = make_penalty(name, rho=0.3, beta=0.7)
    activation = ACTIVATIONS[activation]()
    if not is_allowed(penalty, activation):
        pytest.skip("cannot be used with this activation")
    check_penalty(penalty, activation)


def test_a_complete_penalty_passes():
    check_penalty(LogPenalty(), ACTIVATIONS["relu"]())


@pytest.mark.parametrize(
    ("lacking", "present"),
    [
        ("phi_derivative", "phi"),
        ("phi", "phi_derivative"),
        ("psi", "psi_derivative"),
        ("psi_derivative", "psi"),
        ("add_weight_gradient", "unit_weights"),
    ],
)
def test_a_missing_method_is_named(lacking, present):
    with pytest.raises(TypeError, match=f"Lacking defines {present} but not {lacking}"):
        check_penalty(without(lacking), ACTIVATIONS["relu"]())


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"phi_derivative": lambda self, a, f: a}, "phi_derivative of Wrong gives"),
        ({"psi_derivative": lambda self, s: self.beta + 0 * s}, "psi_derivative of"),
        ({"psi_derivative": lambda self, s: 0.0}, "psi_derivative .* of shape"),
        ({"psi": lambda self, s: s.sum()}, "psi of Wrong must give finite values"),
        ({"phi": lambda self, a, f: a[:1]}, "phi of Wrong must give finite values"),
        ({"phi": lambda self, a, f: a * np.nan}, "phi of Wrong must give finite"),
        (
            {"add_weight_gradient": lambda self, p, g, penalties: None},
            "add_weight_gradient of Wrong",
        ),
        ({"is_linear": True}, "must say is_linear = False"),
        ({"select": lambda self, a: a.fill(0)}, "must say selects = True"),
        ({"select": lambda self, a: np.negative(a, out=a)}, "leave activations as"),
    ],
)
def test_a_contradiction_is_explained(members, message):
    with pytest.raises(ValueError, match=message):
        check_penalty(replaced(**members), ACTIVATIONS["relu"]())


DECODER = {
    "unit_weights_from": "decoder",
    "decoder_decay": lambda self, components, penalties: 2 * penalties,
}


def test_the_matrix_of_the_unit_weights_may_be_said():
    check_penalty(replaced(**DECODER), ACTIVATIONS["relu"]())


@pytest.mark.parametrize(
    ("members", "error", "message"),
    [
        ({"unit_weights_from": "encoder"}, ValueError, "depends on other parameters"),
        ({"unit_weights_from": "decoder"}, TypeError, "not define decoder_decay"),
        (
            DECODER | {"decoder_decay": lambda self, components, penalties: penalties},
            ValueError,
            "decoder_decay of Wrong gives",
        ),
    ],
)
def test_a_wrong_matrix_of_the_unit_weights_is_explained(members, error, message):
    with pytest.raises(error, match=message):
        check_penalty(replaced(**members), ACTIVATIONS["relu"]())


def test_a_solved_decoder_is_as_good_as_one_that_is_searched_for(digits):
    """The same penalty, once with what is needed to solve for the decoder."""
    values = []
    for penalty in (LogPenalty(0.1), replaced(**DECODER)):
        autoencoder = SparseAutoencoder(
            4, penalty=penalty, alpha=1e-2, tol=1e-6, max_iter=2000, random_state=0
        )
        values.append(autoencoder.fit(digits[:200]).objective(digits[:200]))
    assert values[1] <= 1.02 * values[0]


def test_fit_checks_before_training(digits):
    with pytest.raises(TypeError, match="phi_derivative"):
        SparseAutoencoder(4, penalty=without("phi_derivative")).fit(digits)


def test_a_users_penalty_can_be_used(digits):
    scores = {}
    for beta in (1e-3, 1.0):
        autoencoder = SparseAutoencoder(8, penalty=LogPenalty(beta), random_state=0)
        scores[beta] = autoencoder.fit(digits).score(digits)
        assert autoencoder.beta_ == beta
    assert scores[1e-3] > scores[1.0] + 0.05


class FirstHalf(Penalty):
    """A user-defined selection without parameters."""

    selects = True
    has_term = False

    def select(self, a):
        a[:, a.shape[1] // 2 :] = 0


def test_a_users_selection_can_be_used(digits):
    autoencoder = SparseAutoencoder(
        10, penalty=FirstHalf(), random_state=0, max_iter=60, tol=0.05
    )
    code = autoencoder.fit_transform(digits)
    assert code[:, :5].any(axis=0).all()
    assert not code[:, 5:].any()
