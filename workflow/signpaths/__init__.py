"""signpaths: which pairs of classes stay close in what a recurrent network learns.

One package a rule file, in the order of the data: data, networks, projections, closeness,
stability, evidence, report; what they share stands beside them. `stages` lists every stage.
"""

__version__ = "0.1.0"
