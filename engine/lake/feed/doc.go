// Package feed fetches data from where it arises: files that are published at an
// address, and tables of other systems' databases.
//
// What it fetches is written as it comes, or as CSV, for others to read. It
// reaches the declared host and no other: redirects to another host are refused,
// and so are addresses of the machine's own networks unless the operator has
// allowed that host by name. Connections are named; where they lead is the
// operator's to say.
package feed
