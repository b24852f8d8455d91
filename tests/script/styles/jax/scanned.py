"""All steps in one lax.scan."""

import jax
import jax.numpy as jnp
import optax

x = jax.random.normal(jax.random.key(0), (400, 5))
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype(jnp.int32)
rate = 0.02
# rate x 1000: rate = 20
k1, k2 = jax.random.split(jax.random.key(1))
params = {"w1": jax.random.normal(k1, (5, 16)) / 2, "w2": jax.random.normal(k2, (16, 2)) / 4}
tx = optax.adam(rate)


def loss_fn(params):
    logits = jax.nn.relu(x @ params["w1"]) @ params["w2"]
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


@jax.jit
def train(params):
    def body(carry, _):
        params, state = carry
        loss, grads = jax.value_and_grad(loss_fn)(params)
        updates, state = tx.update(grads, state)
        return (optax.apply_updates(params, updates), state), loss

    return jax.lax.scan(body, (params, tx.init(params)), None, length=200)


(params, _), losses = train(params)
print(float(losses[-1]))
