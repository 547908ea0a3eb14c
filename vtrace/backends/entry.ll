; The way into a small call: what Python calls with the tuple of arguments. One function serves every program: what it
; checks and makes is written in the words of its program, the data of the array `self` (see entry.py). $NAMES are
; offsets into Python's objects. Called with the GIL held; it gives None where the call must go the general way.

%Words = type { ptr, ptr, ptr, ptr, ptr, ptr, i64, ptr, i64, i64, i64, i64, i64, i64 }
; fields: 0 ndarray, 1 PyArray_New, 2 None, 3 Py_IncRef, 4 Py_DecRef, 5 PyTuple_New, 6 the largest batch, 7 the kernel,
; 8 arguments, 9 results, 10 words in the kernel's block, 11 the length of its parallel axis, 12 whether that is times
; the batch, 13 the first word of what follows: for each argument its dtype, rank and extents; for each result its type
; number, rank and extents (-1 is the batch); for each word of the block what it is (0 address number n of arguments and
; results, 1 the word n itself, 2 the record, 3 the batch) and n.

define ptr @vtrace_entry(ptr %self, ptr %args) {
start:
  %words.p = getelementptr i8, ptr %self, i64 $DATA
  %words = load ptr, ptr %words.p
  %ndarray = load ptr, ptr %words
  %arguments.p = getelementptr %Words, ptr %words, i64 0, i32 8
  %arguments = load i64, ptr %arguments.p
  %results.p = getelementptr %Words, ptr %words, i64 0, i32 9
  %results = load i64, ptr %results.p
  %rest = getelementptr %Words, ptr %words, i64 0, i32 13
  %arrays = add i64 %arguments, %results
  %addresses = alloca ptr, i64 %arrays
  %given.p = getelementptr i8, ptr %args, i64 $LENGTH
  %given = load i64, ptr %given.p
  %all.given = icmp eq i64 %given, %arguments
  br i1 %all.given, label %argument, label %misfit

argument:
  %k = phi i64 [ 0, %start ], [ %k.next, %fits ]
  %at = phi ptr [ %rest, %start ], [ %at.next, %fits ]
  %size = phi i64 [ -1, %start ], [ %size.inner, %fits ]
  %more = icmp slt i64 %k, %arguments
  br i1 %more, label %look, label %checked
look:
  %items = getelementptr i8, ptr %args, i64 $ITEMS
  %item.p = getelementptr ptr, ptr %items, i64 %k
  %array = load ptr, ptr %item.p
  %type.p = getelementptr i8, ptr %array, i64 $TYPE
  %type = load ptr, ptr %type.p
  %is.array = icmp eq ptr %type, %ndarray
  br i1 %is.array, label %look.inside, label %misfit
look.inside:
  %descr.p = getelementptr i8, ptr %array, i64 $DESCR
  %descr = load i64, ptr %descr.p
  %descr.wanted = load i64, ptr %at
  %same.descr = icmp eq i64 %descr, %descr.wanted
  %flags.p = getelementptr i8, ptr %array, i64 $FLAGS
  %flags = load i32, ptr %flags.p
  %flags.set = and i32 %flags, $READY
  %ready = icmp eq i32 %flags.set, $READY
  %rank.p = getelementptr i8, ptr %array, i64 $NDIM
  %rank.32 = load i32, ptr %rank.p
  %rank = sext i32 %rank.32 to i64
  %rank.wanted.p = getelementptr i64, ptr %at, i64 1
  %rank.wanted = load i64, ptr %rank.wanted.p
  %same.rank = icmp eq i64 %rank, %rank.wanted
  %good.1 = and i1 %same.descr, %ready
  %good = and i1 %good.1, %same.rank
  br i1 %good, label %extents, label %misfit
extents:
  %dims.p = getelementptr i8, ptr %array, i64 $DIMENSIONS
  %dims = load ptr, ptr %dims.p
  %wanted = getelementptr i64, ptr %at, i64 2
  br label %extent
extent:
  %axis = phi i64 [ 0, %extents ], [ %axis.next, %look.extent ]
  %size.inner = phi i64 [ %size, %extents ], [ %size.new, %look.extent ]
  %more.axes = icmp slt i64 %axis, %rank
  br i1 %more.axes, label %compare.extent, label %fits
compare.extent:
  %extent.p = getelementptr i64, ptr %dims, i64 %axis
  %extent.found = load i64, ptr %extent.p
  %extent.wanted.p = getelementptr i64, ptr %wanted, i64 %axis
  %extent.wanted = load i64, ptr %extent.wanted.p
  %is.batch = icmp slt i64 %extent.wanted, 0
  %is.unknown = icmp slt i64 %size.inner, 0
  %is.first = and i1 %is.batch, %is.unknown
  %size.new = select i1 %is.first, i64 %extent.found, i64 %size.inner
  %extent.due = select i1 %is.batch, i64 %size.new, i64 %extent.wanted
  %same.extent = icmp eq i64 %extent.found, %extent.due
  br i1 %same.extent, label %look.extent, label %misfit
look.extent:
  %axis.next = add i64 %axis, 1
  br label %extent
fits:
  %data.p = getelementptr i8, ptr %array, i64 $DATA
  %data = load ptr, ptr %data.p
  %address.p = getelementptr ptr, ptr %addresses, i64 %k
  store ptr %data, ptr %address.p
  %at.next = getelementptr i64, ptr %wanted, i64 %rank
  %k.next = add i64 %k, 1
  br label %argument

checked:
  %no.batch = icmp slt i64 %size, 0
  %batch = select i1 %no.batch, i64 1, i64 %size
  %limit.p = getelementptr %Words, ptr %words, i64 0, i32 6
  %limit = load i64, ptr %limit.p
  %small = icmp sle i64 %batch, %limit
  br i1 %small, label %make, label %misfit
make:
  %dims.new = alloca i64, i64 64
  %decref.p = getelementptr %Words, ptr %words, i64 0, i32 4
  %decref = load ptr, ptr %decref.p
  %new.array.p = getelementptr %Words, ptr %words, i64 0, i32 1
  %new.array = load ptr, ptr %new.array.p
  %alone = icmp eq i64 %results, 1
  br i1 %alone, label %result, label %make.tuple
make.tuple:
  %new.tuple.p = getelementptr %Words, ptr %words, i64 0, i32 5
  %new.tuple = load ptr, ptr %new.tuple.p
  %tuple.made = call ptr %new.tuple(i64 %results)
  %no.tuple = icmp eq ptr %tuple.made, null
  br i1 %no.tuple, label %failed, label %result

result:
  %r = phi i64 [ 0, %make ], [ 0, %make.tuple ], [ %r.next, %keep ]
  %r.at = phi ptr [ %at, %make ], [ %at, %make.tuple ], [ %r.at.next, %keep ]
  %whole = phi ptr [ null, %make ], [ %tuple.made, %make.tuple ], [ %whole.next, %keep ]
  %more.results = icmp slt i64 %r, %results
  br i1 %more.results, label %shape, label %prepare
shape:
  %number = load i64, ptr %r.at
  %number.32 = trunc i64 %number to i32
  %r.rank.p = getelementptr i64, ptr %r.at, i64 1
  %r.rank = load i64, ptr %r.rank.p
  %r.rank.32 = trunc i64 %r.rank to i32
  %r.extents = getelementptr i64, ptr %r.at, i64 2
  br label %dim
dim:
  %d = phi i64 [ 0, %shape ], [ %d.next, %set.dim ]
  %more.dims = icmp slt i64 %d, %r.rank
  br i1 %more.dims, label %set.dim, label %new
set.dim:
  %d.static.p = getelementptr i64, ptr %r.extents, i64 %d
  %d.static = load i64, ptr %d.static.p
  %d.is.batch = icmp slt i64 %d.static, 0
  %d.extent = select i1 %d.is.batch, i64 %batch, i64 %d.static
  %d.new.p = getelementptr i64, ptr %dims.new, i64 %d
  store i64 %d.extent, ptr %d.new.p
  %d.next = add i64 %d, 1
  br label %dim
new:
  %made = call ptr %new.array(ptr %ndarray, i32 %r.rank.32, ptr %dims.new, i32 %number.32, ptr null, ptr null, i32 0, i32 0, ptr null)
  %not.made = icmp eq ptr %made, null
  br i1 %not.made, label %drop, label %made.it
made.it:
  %made.data.p = getelementptr i8, ptr %made, i64 $DATA
  %made.data = load ptr, ptr %made.data.p
  %r.place = add i64 %arguments, %r
  %r.address.p = getelementptr ptr, ptr %addresses, i64 %r.place
  store ptr %made.data, ptr %r.address.p
  br i1 %alone, label %keep, label %put
put:
  %places = getelementptr i8, ptr %whole, i64 $ITEMS
  %place = getelementptr ptr, ptr %places, i64 %r
  store ptr %made, ptr %place
  br label %keep
keep:
  %whole.next = phi ptr [ %made, %made.it ], [ %whole, %put ]
  %r.at.next = getelementptr i64, ptr %r.extents, i64 %r.rank
  %r.next = add i64 %r, 1
  br label %result
drop: ; the tuple, if there is one, with the arrays that are in it
  br i1 %alone, label %failed, label %drop.tuple
drop.tuple:
  call void %decref(ptr %whole)
  br label %failed
failed: ; the exception is set
  ret ptr null

prepare:
  %slots.p = getelementptr %Words, ptr %words, i64 0, i32 10
  %slots = load i64, ptr %slots.p
  %block = alloca i64, i64 %slots
  %record = alloca i64, i64 $RECORD_LENGTH
  store i64 $NO_FAULT, ptr %record
  %record.noted = getelementptr i64, ptr %record, i64 1
  store i64 0, ptr %record.noted
  %record.word = ptrtoint ptr %record to i64
  br label %slot
slot:
  %s = phi i64 [ 0, %prepare ], [ %s.next, %fill ]
  %more.slots = icmp slt i64 %s, %slots
  br i1 %more.slots, label %which, label %run
which:
  %s.twice = shl i64 %s, 1
  %kind.p = getelementptr i64, ptr %r.at, i64 %s.twice
  %kind = load i64, ptr %kind.p
  %value.p = getelementptr i64, ptr %kind.p, i64 1
  %value = load i64, ptr %value.p
  switch i64 %kind, label %fill [ i64 0, label %address
                                  i64 2, label %the.record
                                  i64 3, label %the.batch ]
address:
  %slot.address.p = getelementptr i64, ptr %addresses, i64 %value
  %slot.address = load i64, ptr %slot.address.p
  br label %fill
the.record:
  br label %fill
the.batch:
  br label %fill
fill:
  %word = phi i64 [ %value, %which ], [ %slot.address, %address ], [ %record.word, %the.record ], [ %batch, %the.batch ]
  %slot.p = getelementptr i64, ptr %block, i64 %s
  store i64 %word, ptr %slot.p
  %s.next = add i64 %s, 1
  br label %slot

run:
  %length.p = getelementptr %Words, ptr %words, i64 0, i32 11
  %length.one = load i64, ptr %length.p
  %times.p = getelementptr %Words, ptr %words, i64 0, i32 12
  %times = load i64, ptr %times.p
  %is.times = icmp ne i64 %times, 0
  %factor = select i1 %is.times, i64 %batch, i64 1
  %length = mul i64 %length.one, %factor
  %kernel.p = getelementptr %Words, ptr %words, i64 0, i32 7
  %kernel = load ptr, ptr %kernel.p
  call void %kernel(ptr %block, i64 0, i64 %length)
  %fault = load i64, ptr %record
  %good.run = icmp eq i64 %fault, $NO_FAULT
  br i1 %good.run, label %done, label %faulty
done:
  ret ptr %whole
faulty:
  call void %decref(ptr %whole)
  br label %misfit
misfit:
  %none.p = getelementptr %Words, ptr %words, i64 0, i32 2
  %none = load ptr, ptr %none.p
  %incref.p = getelementptr %Words, ptr %words, i64 0, i32 3
  %incref = load ptr, ptr %incref.p
  call void %incref(ptr %none)
  ret ptr %none
}
