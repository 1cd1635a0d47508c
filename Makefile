# make test is the one test command: it installs what the tests need and the
# machine lacks, then checks and runs everything.

.PHONY: test setup check bench generate

test: setup check
	go test -race -timeout 15m -p 2 ./...

setup:
	./.ci/setup

check:
	@unformatted=$$(gofmt -l .ci cmd internal lessons web 2>/dev/null); \
	if [ -n "$$unformatted" ]; then echo "not formatted: $$unformatted"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...

bench:
	go test -run '^$$' -bench . -benchtime 1x ./...

generate:
	go generate ./...
