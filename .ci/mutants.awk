# Puts every mutant of the list into the sources under `src`, each behind its switch; what the fields
# of a line mean stands at the top of the list. A text that is not there exactly once is a fault.
BEGIN { FS = " *[|] *" }
/^#/ || /^$/ { next }
{
  gsub(/\\[|]/, "\001")
  name = $1; file = src "/" $2; old = field($3); new = field($4)
  if (!(file in sources)) sources[file] = read(file)
  at = index(sources[file], old)
  before = substr(sources[file], 1, at - 1)
  after = substr(sources[file], at + length(old))
  if (!at || old == "") fault("does not hold")
  else if (index(after, old)) fault("holds twice")
  else sources[file] = before either("crate::mutant(\"" name "\")", old, new) after
}
END {
  if (faults) exit 1
  for (file in sources) printf "%s", sources[file] > file
}

# What stands in the text's place, with the switch in it.
function either(on, old, new,   choice) {
  if (gsub(/MUTANT/, on, new)) return new
  choice = "if " on " { " new " } else { " old " }"
  return old ~ /;$/ ? choice : "(" choice ")"
}

# `\|` and `\n` in a field stand for themselves.
function field(text) {
  gsub(/\001/, "|", text)
  gsub(/\\n/, "\n", text)
  sub(/ +$/, "", text)
  return text
}

function read(file,   line, text) {
  while ((getline line < file) > 0) text = text line "\n"
  close(file)
  return text
}

function fault(what) {
  print name ": " file " " what ": " old > "/dev/stderr"
  faults++
}
