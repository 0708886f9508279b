"""A recipe's graph as a picture: SVG, DOT for other programs, an outline for terminals.

What is drawn (:mod:`~recado.recipe.picture.diagram`), where it lies
(:mod:`~recado.recipe.picture.layout`) and how it looks are apart from one another.
"""

from recado.recipe.picture.diagram import Diagram, Edge, Node, diagram_of
from recado.recipe.picture.dot import dot
from recado.recipe.picture.layout import Box, Layout, laid_out
from recado.recipe.picture.outline import outline
from recado.recipe.picture.svg import svg

__all__ = [
    "Box",
    "Diagram",
    "Edge",
    "Layout",
    "Node",
    "diagram_of",
    "dot",
    "laid_out",
    "outline",
    "svg",
]
