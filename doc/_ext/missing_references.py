"""Names of the package resolve in the docstrings of its modules too.

Docstrings in ``skl_sparse_ae.metrics`` and its like say ``:class:`SparseAutoencoder```,
which Sphinx looks for in that module. This looks in the package as well.
"""

import skl_sparse_ae


def resolve(app, env, node, content):
    target = node.get("reftarget")
    is_ours = target.split(".")[0] in skl_sparse_ae.__all__ if target else False
    if node.get("refdomain") != "py" or not is_ours:
        return None
    return env.domains["py"].resolve_xref(
        env,
        node["refdoc"],
        app.builder,
        node["reftype"],
        f"skl_sparse_ae.{target}",
        node,
        content,
    )


def setup(app):
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
