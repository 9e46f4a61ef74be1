package guest

// Config is what the host tells the guest, as JSON in the initramfs.
type Config struct {
	Tests   []string `json:"tests"`   // texts
	Rounds  int64    `json:"rounds"`  // of each test; 0: as many as fit in Seconds
	Seconds float64  `json:"seconds"` // for each test
	Seed    uint64   `json:"seed"`
	Monkey  float64  `json:"monkey"`  // seconds; 0: none
	Modules []string `json:"modules"` // file names under /modules, in order
	Scale   float64  `json:"scale"`   // factor of the time that a round may take; 0: 1
	Stop    float64  `json:"stop"`    // seconds of the first test after which the run is cut short, as by a signal; 0: never
	Here    bool     `json:"here"`    // the guest is treated as a machine that goes on afterwards
}

// ConfigPath is where the guest finds its Config; modules lie in ModuleDir.
const (
	ConfigPath = "/tagswap.json"
	ModuleDir  = "/modules"
)
