// Package query is the one filter language of the program: what is typed after "/" in the console is what `--query` takes in a script.
//
// A query is a row of terms, and a row of the table must meet all of them:
//
//	checkout              the text is somewhere in the row, in any case
//	"two words"           the same, with a space or with signs that would mean something
//	re:^core\.            a regular expression (RE2), tried on each cell
//	state:failed          the field is this word; state:failed,late is either of them
//	team:pay*             the star stands for any run of characters
//	age>6h  tries>=3      numbers, durations (30m, 6h, 2d) and days (2026-11-21, today, -7d) compare
//	!state:ok             the opposite of any term
//
// What a row can be asked is a [Schema]: the fields of its table, each with a kind and a getter. A query is read against it once, all its mistakes are
// found at once, each with its place and the nearest word that would have been right; after that matching a row cannot fail.
//
// A value that is not known meets no term about it, and not the opposite of the term either: "!age>6h" does not claim that something of unknown age is
// young.
package query
