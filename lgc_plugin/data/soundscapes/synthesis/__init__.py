"""Sounds made by code: functions of a :class:`.signals.SignalGenerator`."""
