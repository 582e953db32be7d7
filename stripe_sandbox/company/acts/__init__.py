"""What a customer does with a running subscription, an act a method; `lives.py` rolls the dice."""
