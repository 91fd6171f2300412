"""From atoms to what a chemist names: fragments, matched pairs, series and R groups."""
