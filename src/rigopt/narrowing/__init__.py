"""Options that no best build needs, left out before the search.

What may be left out is derived from the rules and the objective themselves, for a part of the
problem: some of the cards, the rules in force, the money, the points to reach.

* Of options that no statement tells apart but by amounts those go which another one betters: that
  holds for every part of the problem.
* An option goes that no options of the other kinds go with: by a relation, by a balance with the
  most that the others could spare, or by what the cheapest others cost (of drives the cheapest set
  that supplies what is asked for).
* Of the options that are left one goes if another of its kind comes before it in price and rank and
  is at least as good wherever a statement looks: with every value of the other kinds that are left
  (relations), up to the most that the others could ask for (balances).

Each step keeps the best build, so that they may follow each other. Whatever is left is searched.
"""

from rigopt.narrowing.cards import Able as Able
from rigopt.narrowing.cards import Cards as Cards
from rigopt.narrowing.cards import Config as Config
from rigopt.narrowing.cards import Configurations as Configurations
from rigopt.narrowing.cards import Limits as Limits
from rigopt.narrowing.cards import by_bound as by_bound
from rigopt.narrowing.columns import Columns as Columns
from rigopt.narrowing.left import LITTLE as LITTLE
from rigopt.narrowing.left import Judged as Judged
from rigopt.narrowing.left import Lists as Lists
from rigopt.narrowing.narrow import Narrowing as Narrowing
from rigopt.narrowing.narrow import needed as needed
