// Package litmus is the test language: herd7's file layout with
// memory-management operations for instructions. It parses, checks and prints
// tests and holds the catalogue as files. It is a leaf: it knows nothing of the
// model that runs the tests nor of the kernels. Everybody may call it; nothing
// here keeps state, so that calls need no order and no lock.
//
// Parse reads a test or returns all that is wrong with it as Errors. Format
// prints a test in its one canonical form: Format(Parse(s)) is s for every file
// of the catalogue, and a fixed point for every other. Hash names what a test
// means. Catalogue, Lookup and Names give the tests that are built in.
//
// # Grammar
//
// Words in quotes are literal; [ ] is optional, { } any number, | a choice.
// White space and nested (* comments *) may stand between any two tokens; line
// ends count in the header and the metadata only. NAME is a word of letters,
// digits and _ that does not start with a digit, NUM a decimal or 0x number.
//
//	file      = "LinuxMM" TESTNAME [ DOC ] [ ";" ] { KEY "=" value EOL }
//	            init heads { row } [ locations ] [ filter ] [ condition ]
//	TESTNAME  = letters, digits and _ / . - + [ ] :
//	DOC       = a text in double quotes, over any number of lines; \" and \\
//
//	KEY value = "Swap" area { area }              blanks between areas
//	          | "SlotCache" onoff [ ",size:" NUM ]
//	          | "CPUs" NUM                        1 to 8; absent: one a task
//	          | "FIFO" task { "," task }          of real-time priority, on their CPU
//	          | "Fail" point [ ":" NUM ] { … }    the call that fails, from 1
//	area      = ( "sync" | "async" ) { "," ( "slots:" NUM | "used:" NUM | "stable" | "off" ) }
//	point     = one of FailPoints
//
//	init      = "{" [ item ] { ";" [ item ] } "}"
//	item      = [ kind ] { "mte" | "locked" | "readonly" | "unmapped" } NAME [ "=" NUM [ ":" tag ] ]
//	          | "[" NAME "]" "=" NUM [ ":" tag ]                  herd's
//	          | "tag" "(" NAME ")" "=" [ ":" ] tag                herd's, also in brackets
//	          | task ":" ( "swapped" | "cached" | "pinned" | "got" | "untouched" ) "(" NAME ")"
//	kind      = "anon" [ "(" P ")" ] | "shared" [ "(" P [ ":plain" ] { "," P [ ":plain" ] } ")" ]
//	P         = "P0" | "P1" | …                   columns, without gaps
//	task      = P | NUM
//	tag       = "green" | "red" | "blue" | "black" | "white" | "cyan" | "yellow" | "magenta" | 0 to 15
//
//	heads     = head { "|" head } ";"
//	head      = P [ ":" ( "thread" | "child" ) [ "(" P ")" ] | ":process" ]
//	row       = cell { "|" cell } ";"             as many cells as heads
//	cell      = [ op ]
//	op        = "store" access NUM                | [ REG "=" ] "load" access
//	          | "tag" place tag                   | REG "=" "tag" "(" place ")"
//	          | "fork" P                          | "exit"
//	          | "mmap" x [ "mte" ]                | "munmap" x
//	          | "mprotect" x ( "read" | "write" | "none" ) [ "mte" ]
//	          | "madvise" x ( "dontneed" | "free" | "pageout" | "willneed" | "mergeable" )
//	          | "pageout" P x                     | "reclaim" [ x ]
//	          | "merge" x x                       | REG "=" "peektags" P x
//	          | ( "pin" | "get" ) x [ "write" ]   | ( "unpin" | "put" ) x
//	          | ( "swapoff" | "swapon" ) [ NUM ]  | "slotcache" ( "off" | "on" | "drain" )
//	          | "barrier" [ NAME ]
//	access    = x | place ":" tag | "pin" "(" x ")"
//	place     = x [ "+" NUM ]                     a multiple of 16 below 4096
//	x         = NAME | "[" NAME "]"
//	REG       = "r0" | "r1" | …
//
//	locations = "locations" "[" [ loc { ";" loc } [ ";" ] ] "]"
//	filter    = "filter" prop
//	condition = ( "forall" | "exists" | "~exists" ) prop [ ";" ]    absent: forall true
//	prop      = and { "\/" and }                  loosest
//	and       = implies { "/\" implies }
//	implies   = not [ "=>" not ]                  beside the others in parentheses only
//	not       = ( "~" | "not" ) not | "(" prop ")" | "true" | "false" | atom
//	atom      = loc ( "=" | "==" | "!=" | "<>" ) ( NUM | [ ":" ] tag | loc ) | flag
//	loc       = [ task ":" ] body | [ task ":" ] "[" body "]"
//	body      = REG | NAME | "tag" "(" place ")" | flag | "slots" | "records"
//	flag      = ( "swapped" | "cached" | "exclusive" ) "(" x ")"
//	          | "fault" "(" P [ "," x ] [ "," [ "MMU:" ] ( "TagCheck" | "Translation" | "Bus" ) ] ")"
//
// docs/litmus.md says what each of them means, with examples.
package litmus
