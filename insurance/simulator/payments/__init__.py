"""The simulated payment institution: orders, a pay page, refunds, signed callbacks; its books in memory."""
