# SPDX-License-Identifier: Apache-2.0
"""The reference tree of RFC 6962: node hashes and the roots for sizes 0 to 8."""

from ledger.chain.hashing import leaf_hash, node_hash
from ledger.chain.tree import Tree, reduce_perfect, root_of


def test_roots_and_nodes_of_the_reference_tree(vectors):
    data = vectors("rfc6962_reference_tree.json")
    leaves = [leaf_hash(bytes.fromhex(text)) for text in data["leaf_inputs_hex"]]
    roots = [bytes.fromhex(text) for text in data["root_hash_hex_by_size"]]
    assert [root_of(leaves[:size]) for size in range(len(roots))] == roots
    assert len(roots) == 9

    tree, grown = Tree(), []
    grown.append(tree.root())
    for leaf in leaves:
        tree.append(leaf)
        grown.append(tree.root())
    assert grown == roots

    level = leaves
    for row in data["node_hashes_hex_by_level"]:
        assert [node.hex() for node in level] == row
        assert reduce_perfect(level) == roots[8]
        level = [node_hash(*level[i : i + 2]) for i in range(0, len(level) - 1, 2)]
    assert reduce_perfect(leaves[:4]) == roots[4]
