"""A board as a graph: CPUs, chipset, slots, and what they share.

Nodes carry ``role`` ("cpu", "chipset", "slot", "m2", "ports"); edges carry ``relation``: "lanes"
(with ``gen`` and the most ``lanes`` there can be) or "shares" (with what is ``left`` to the one
while the other is in use).
"""

from __future__ import annotations

import networkx as nx

from rigopt.parts import Motherboard

CPU, CPU2, CHIPSET, SATA, U2 = "cpu", "cpu2", "chipset", "sata", "u2"


def graph_of(board: Motherboard) -> nx.Graph:
    """The graph of a board, as far as its row knows slots and drives.

    Lanes of a slot are the most that any population gives it.
    """
    graph = nx.Graph()
    graph.add_node(CPU, role="cpu")
    if board.chipset is not None:
        graph.add_node(CHIPSET, role="chipset")
        graph.add_edge(CPU, CHIPSET, relation="lanes")
    if board.cpu_sockets == 2:
        graph.add_node(CPU2, role="cpu")
        graph.add_edge(CPU, CPU2, relation="lanes")
    for place, slot in enumerate(board.slots or ()):
        most = max((p.lanes[place] for p in board.populations or ()), default=0)
        graph.add_node(slot.name, role="slot", row=slot.position, size=slot.size)
        graph.add_edge(slot.root, slot.name, relation="lanes", gen=slot.gen, lanes=most)
        if slot.disables_sata_ports:
            graph.add_edge(slot.name, SATA, relation="shares", left=-slot.disables_sata_ports)
        if slot.disables_u2_ports:
            graph.add_edge(slot.name, U2, relation="shares", left=-slot.disables_u2_ports)
    for m2 in board.m2 or ():
        graph.add_node(m2.name, role="m2")
        graph.add_edge(m2.root, m2.name, relation="lanes", gen=m2.gen, lanes=m2.lanes)
        for name, left in m2.limits_slots.items():
            graph.add_edge(m2.name, name, relation="shares", left=left)
        if m2.disables_sata_ports:
            graph.add_edge(m2.name, SATA, relation="shares", left=-m2.disables_sata_ports)
        if m2.disables_u2_ports:
            graph.add_edge(m2.name, U2, relation="shares", left=-m2.disables_u2_ports)
    for node in (SATA, U2):
        if node in graph:
            graph.nodes[node]["role"] = "ports"
    return graph


def route(graph: nx.Graph, start: str, end: str) -> tuple[str, ...]:
    """The nodes on the way of data from one slot to another, both included.

    Raises:
        KeyError: if the board has no such slot, or no way between them.
    """
    wires = nx.subgraph_view(
        graph, filter_edge=lambda a, b: graph.edges[a, b]["relation"] == "lanes"
    )
    try:
        return tuple(nx.shortest_path(wires, start, end))
    except (nx.NodeNotFound, nx.NetworkXNoPath) as error:
        raise KeyError(str(error)) from None
