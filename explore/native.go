package explore

// Pause is one round of a wait outside the explorer: the first rounds let others
// run, later ones sleep, longer and longer up to a tenth of a millisecond.
func Pause(round int) { pause(round) }
