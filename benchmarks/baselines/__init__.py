"""The same load done with other tools, so that the benchmark's figures have something to stand beside."""
