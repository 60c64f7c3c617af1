"""Learned thresholds: their pseudo-gradient, and what training makes of them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skl_sparse_ae import ConvSparseAutoencoder, JumpReLU, SparseAutoencoder, TopK
from skl_sparse_ae._network._network import Network
from skl_sparse_ae._network._parameters import Layout
from skl_sparse_ae._objective._dense import DenseObjective
from skl_sparse_ae._objective._sparse import SparseObjective

N_ROWS, N_FEATURES, N_COMPONENTS = 60, 7, 6
ALPHA, BETA, BANDWIDTH = 0.2, 0.7, 0.8

short = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:beta='adaptive' should make",
)


def make_network(tied=False, out="identity"):
    penalty = JumpReLU(beta=BETA, bandwidth=BANDWIDTH)
    layout = Layout(N_FEATURES, N_COMPONENTS, tied, has_thresholds=True)
    return Network.from_names(layout, "relu", out, penalty)


def make_point(network, rng):
    theta = rng.normal(size=network.layout.size)
    theta[network.layout.thresholds] = rng.uniform(0.2, 1, N_COMPONENTS)
    return theta


def test_thresholds_end_the_vector(rng):
    layout = make_network().layout
    theta = rng.normal(size=layout.size)
    assert layout.size == Layout(N_FEATURES, N_COMPONENTS).size + N_COMPONENTS
    thresholds = theta[layout.thresholds]
    assert_array_equal(thresholds, theta[-N_COMPONENTS:])
    again = layout.flatten(layout.views(theta), thresholds=thresholds)
    assert_array_equal(again, theta)


def test_selection_and_pseudo_gradient_by_hand():
    penalty = JumpReLU(beta=3.0, bandwidth=0.5)
    penalty.set_code_unit(2.0)  # the kernel is 1 wide
    penalty.threshold_ = np.array([1.0, 2.0])
    a = np.array([[1.0, 2.25], [1.25, 0.0], [3.0, 1.75]])
    selected = a.copy()
    penalty.select(selected)
    assert_array_equal(selected, [[0, 2.25], [1.25, 0], [3, 0]])
    assert_array_equal(penalty.phi(selected, None), [[0, 1], [1, 0], [1, 0]])
    g = np.array([[10.0, 20.0], [30.0, 40.0], [50.0, 60.0]])
    # -(threshold g + beta) / width, where |a - threshold| < 1/2
    expected = [[-13, -43], [-33, 0], [0, -123]]
    assert_array_equal(penalty.threshold_gradient(a, g, np.full(2, 3.0)), expected)


def test_the_pseudo_gradient_of_the_number_of_active_units_is_a_difference(rng):
    """With a rectangular kernel, it is a difference over the width of the kernel."""
    penalty = JumpReLU(beta=0.3, bandwidth=0.4)
    a, threshold = rng.uniform(size=(500, 3)), np.array([0.3, 0.5, 0.6])

    def term(thresholds):
        penalty.threshold_ = thresholds
        selected = a.copy()
        penalty.select(selected)
        return penalty.psi(penalty.phi(selected, None).mean(axis=0))

    difference = (term(threshold + 0.2) - term(threshold - 0.2)) / 0.4
    penalty.threshold_ = threshold
    gradient = penalty.threshold_gradient(a, np.zeros_like(a), np.full(3, 0.3))
    assert_allclose(gradient.mean(axis=0), difference, rtol=1e-12)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("out", ["identity", "logistic"])
@pytest.mark.parametrize("csr", [False, True])
def test_gradient_against_pytorch(tied, weighted, out, csr, rng, team):
    network = make_network(tied, out)
    X = rng.uniform(size=(N_ROWS, N_FEATURES)) * (rng.uniform(size=N_FEATURES) > 0.3)
    weights = rng.uniform(0.5, 2, N_ROWS) if weighted else None
    theta = make_point(network, rng)
    cls = SparseObjective if csr and out == "identity" else DenseObjective
    objective = cls(network, ALPHA, team=team, dtype=float)
    objective.use_rows(sparse.csr_array(X) if csr else X, weights)
    value, gradient = objective.value_and_grad(theta)
    J, expected = in_pytorch(network, theta, X, weights, out)
    assert_allclose(value, J, rtol=1e-10)
    assert_allclose(gradient, expected, rtol=1e-8, atol=1e-11)
    assert np.count_nonzero(gradient[network.layout.thresholds]) > 2


def in_pytorch(network, theta, X, weights, out):
    """J and the published pseudo-gradient, with the authors' two functions."""
    torch = pytest.importorskip("torch")

    class Step(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, threshold):
            ctx.save_for_backward(x, threshold)
            return (x > threshold).double()

        @staticmethod
        def backward(ctx, g):
            x, threshold = ctx.saved_tensors
            near = ((x - threshold).abs() < BANDWIDTH / 2).double()
            return torch.zeros_like(x), (-near / BANDWIDTH * g).sum(0)

    class Jump(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, threshold):
            ctx.save_for_backward(x, threshold)
            return x * (x > threshold)

        @staticmethod
        def backward(ctx, g):
            x, threshold = ctx.saved_tensors
            near = ((x - threshold).abs() < BANDWIDTH / 2).double()
            return (x > threshold) * g, (-threshold * near / BANDWIDTH * g).sum(0)

    layout = network.layout
    arrays = [torch.tensor(v, requires_grad=True) for v in layout.views(theta)]
    threshold = torch.tensor(theta[layout.thresholds], requires_grad=True)
    w_e, b_e, w_d, b_d = arrays
    if layout.tied_weights:
        w_d = w_e.T
    w = torch.ones(N_ROWS).double() if weights is None else torch.tensor(weights)
    p = w / w.sum()
    a = torch.relu(torch.tensor(X) @ w_e + b_e)
    x_hat = Jump.apply(a, threshold) @ w_d + b_d
    x_hat = torch.sigmoid(x_hat) if out == "logistic" else x_hat
    J = 0.5 * (p @ (x_hat - torch.tensor(X)) ** 2).sum()
    J = J + 0.5 * ALPHA * ((w_e**2).sum() + (w_d**2).sum())
    J = J + BETA * (p @ Step.apply(a, threshold)).sum()
    J.backward()
    gradients = [
        np.zeros(v.shape) if v.grad is None else v.grad.numpy() for v in arrays
    ]
    return J.item(), layout.flatten(gradients, thresholds=threshold.grad.numpy())


def test_units_are_active_on_the_asked_fraction(digits):
    fitted = SparseAutoencoder(40, penalty="jumprelu", rho=0.15, random_state=0)
    code = fitted.fit_transform(digits)
    assert 0.14 < (code > 0).mean() < 0.16
    thresholds = fitted.penalty_.threshold_
    assert (code.max(axis=0) > 0).all()
    assert thresholds.std() > 0.01 * thresholds.mean() > 0
    assert (np.where(code > 0, code, np.inf).min(axis=0) > thresholds).all()
    assert_allclose(fitted.mean_activation_, (code > 0).mean(axis=0))


@short
def test_a_number_for_beta(digits):
    fractions = [
        (
            SparseAutoencoder(20, penalty=JumpReLU(beta=beta), max_iter=40)
            .set_params(random_state=0)
            .fit_transform(digits)
            > 0
        ).mean()
        for beta in (0.001, 0.1)
    ]
    assert fractions[0] > 1.5 * fractions[1]


@short
def test_a_term_for_each_active_unit(digits):
    fitted = SparseAutoencoder(12, penalty=JumpReLU(beta=0.01), max_iter=5).fit(digits)
    code = fitted.transform(digits)
    errors = 0.5 * ((fitted.inverse_transform(code) - digits) ** 2).sum(axis=1).mean()
    encoder, decoder = fitted.alpha_
    decay = encoder * (fitted.encoder_coef_**2).sum()
    decay += decoder * (fitted.components_**2).sum()
    expected = errors + 0.5 * decay + 0.01 * (code > 0).sum(axis=1).mean()
    assert_allclose(fitted.objective(digits), expected, rtol=1e-10)


def test_what_is_refused(digits):
    with pytest.raises(ValueError, match="'jumprelu'.*pseudo-gradient.*solver='adam'"):
        SparseAutoencoder(8, penalty="jumprelu", solver="lbfgs").fit(digits)
    with pytest.raises(ValueError, match="'jumprelu'.*activation='tanh'"):
        SparseAutoencoder(8, penalty="jumprelu", activation="tanh").fit(digits)
    with pytest.raises(ValueError, match="bandwidth"):
        SparseAutoencoder(8, penalty=JumpReLU(bandwidth=0)).fit(digits)


@short
def test_rho_without_effect_is_told(digits):
    estimator = SparseAutoencoder(8, penalty="jumprelu", rho=0.3, beta=1.0, max_iter=2)
    with pytest.warns(UserWarning, match="given value of rho has no effect"):
        estimator.fit(digits)


@short
def test_warm_start_goes_on_from_the_thresholds(digits):
    estimator = SparseAutoencoder(
        10, penalty="jumprelu", warm_start=True, max_iter=20, random_state=0
    ).fit(digits)
    before = estimator.penalty_.threshold_
    after = estimator.set_params(max_iter=1).fit(digits).penalty_.threshold_
    assert 0 < np.abs(after - before).max() < 0.1 * before.max()
    with pytest.raises(ValueError, match="last fit, and penalty had another value"):
        estimator.set_params(penalty=TopK()).fit(digits)


@short
def test_early_stopping_returns_the_thresholds_of_the_best_iteration(digits):
    X = digits[:400]
    estimator = SparseAutoencoder(
        30, penalty="jumprelu", alpha=0, early_stopping=True, random_state=0
    )
    estimator.set_params(max_iter=100, learning_rate_init=0.02).fit(X)
    scores = estimator.validation_scores_
    # Otherwise nothing is shown. Codes that are denser than asked for have scores that
    # are higher still.
    until_best = scores.index(estimator.best_validation_score_) + 1
    assert until_best < len(scores)
    # The score of the held-out rows is that of the returned thresholds.
    rng = np.random.RandomState(0)
    from sklearn.model_selection import train_test_split

    _, held_out = train_test_split(np.arange(len(X)), test_size=0.1, random_state=rng)
    score = estimator.score(X[held_out])
    assert_allclose(score, estimator.best_validation_score_, rtol=1e-10)


@short
def test_a_stream_keeps_its_level_and_can_be_saved(digits):
    import pickle

    stream = SparseAutoencoder(30, penalty="jumprelu", rho=0.2, random_state=0)
    for _ in range(40):
        stream.partial_fit(digits)
    copy = pickle.loads(pickle.dumps(stream))
    for one in (stream, copy):
        one.partial_fit(digits)
    assert_array_equal(stream.components_, copy.components_)
    assert_array_equal(stream.penalty_.threshold_, copy.penalty_.threshold_)
    assert 0.15 < (stream.transform(digits) > 0).mean() < 0.25


@short
@pytest.mark.parametrize("train_on", ["patches", "images"])
def test_images(train_on, digits):
    images = ConvSparseAutoencoder(
        5, image_shape=(8, 8), kernel_size=3, penalty="jumprelu", rho=0.3, max_iter=20
    ).set_params(random_state=0, train_on=train_on)
    images.fit(digits[:300])
    assert images.penalty_.threshold_.shape == (5,)
    assert np.isfinite(images.transform(digits[:20])).all()
    assert images.score(digits[:300]) > 0.1
