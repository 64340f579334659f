"""Online payment by the mobile payment centre (6201-6401, protocol 3.15): messages and states, and no more.

Nothing of it is wired: it is no `Dialect` (an order there is opened, paid and told of by callback, where our lanes ask
and are answered), it has no line in DIALECTS, and nothing sends it. docs/mobile.md says what wiring it would take.
"""
