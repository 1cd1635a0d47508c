# make test is the one test command: it installs what the tests need and the
# machine lacks, then checks and runs everything. The others run parts of it.

.PHONY: test quick pages soak setup check systems dist bench generate

REPORT = go run ./internal/testreport

# everything, with the race detector: before a merge, and in CI. A test that fails and then
# passes is reported as flaky. The check has vetted the packages before. Most tests wait for
# others (a browser, a server, a network), so four packages run at once, the longest one first.
# Without GORACE each test program would sleep a second before it ends.
LONGEST = ./internal/conformance/pages
test: setup check systems
	GORACE=atexit_sleep_ms=0 $(REPORT) -retry -race -vet=off -timeout 60m -p 4 $(LONGEST) ./...

# after each change: no npm, no browser, no slow test
quick:
	$(REPORT) -short ./...

# the pages in a real browser: all of them, or one demo's with DEMO=acks
pages: setup
	DEMO='$(DEMO)' $(REPORT) -timeout 15m ./internal/conformance/pages

# rare faults: ROUNDS=3 times everything with the race detector beside busy CPUs,
# then each fuzz test for FUZZ=20s
soak: setup
	ROUNDS='$(ROUNDS)' FUZZ='$(FUZZ)' ./.ci/soak

setup:
	@./.ci/setup

check:
	@unformatted=$$(gofmt -l .ci cmd internal lessons web 2>/dev/null); \
	if [ -n "$$unformatted" ]; then echo "not formatted: $$unformatted"; exit 1; fi
	@go vet ./...
	@go tool staticcheck ./...

# compiles the lab for the systems that differ most from this one, and vets what has files of its own for them
SYSTEMS = ./cmd/lab ./internal/process ./internal/tap ./lessons/socketio/internal/gather

systems:
	@GOOS=windows GOARCH=amd64 CGO_ENABLED=0 go vet $(SYSTEMS)
	@GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 go vet $(SYSTEMS)

# the lab for Windows, macOS and Linux, with checksums, in dist/
dist:
	go run ./internal/dist/make -o dist

bench:
	go test -run '^$$' -bench . -benchtime 1x ./...

generate:
	go generate ./...
