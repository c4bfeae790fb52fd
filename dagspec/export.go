package dagspec

// Export writes definitions as the engine-neutral JSON of `generate --format json`. generator is the program and its version, "chrononctl 0.1.0".
func Export(defs Definitions, generator string) ([]byte, error) {
	panic("not yet")
}
