"""The training loop in PyTorch that the guide compares with this library."""

import pytest
from numpy.testing import assert_allclose

from skl_sparse_ae import KL, SparseAutoencoder

torch = pytest.importorskip("torch")


def train_in_pytorch(X, n_components, rho, beta, alpha, n_steps=200):
    """Train with Adam; return the two layers and the loss after the last step."""
    X = torch.tensor(X)
    encoder = torch.nn.Linear(X.shape[1], n_components, dtype=X.dtype)
    decoder = torch.nn.Linear(n_components, X.shape[1], dtype=X.dtype)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.01)

    def loss():
        code = torch.sigmoid(encoder(X))
        error = ((decoder(code) - X) ** 2).sum(dim=1).mean() / 2
        decay = (encoder.weight**2).sum() + (decoder.weight**2).sum()
        s = code.mean(dim=0)
        on, off = rho * torch.log(rho / s), (1 - rho) * torch.log((1 - rho) / (1 - s))
        return error + alpha / 2 * decay + beta * (on + off).sum()

    for _ in range(n_steps):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    return encoder, decoder, loss().item()


def train_here(X, n_components, rho, beta, alpha):
    """Return an estimator fitted with the same penalty and decay."""
    penalty = KL(rho=rho, beta=beta)
    return SparseAutoencoder(n_components, penalty=penalty, alpha=alpha).fit(X)


def test_the_loss_of_the_loop_is_j(digits):
    settings = {"n_components": 20, "rho": 0.1, "beta": 0.3, "alpha": 1e-3}
    encoder, decoder, loss = train_in_pytorch(digits, **settings, n_steps=50)
    autoencoder = train_here(digits, **settings)
    lower = autoencoder.objective(digits)

    autoencoder.encoder_coef_ = encoder.weight.detach().numpy().T
    autoencoder.encoder_intercept_ = encoder.bias.detach().numpy()
    autoencoder.components_ = decoder.weight.detach().numpy().T
    autoencoder.decoder_intercept_ = decoder.bias.detach().numpy()

    assert_allclose(autoencoder.objective(digits), loss, rtol=1e-12)
    assert lower < loss
