; Matrix products by a BLAS, one after the other: each is one example, or one block of the rows of a large product.
; WORD is an integer as wide as an element.
;
; The arguments, eight bytes each; what the BLAS reads through a pointer lies here too:
;
;    0 its gemm routine      4 bytes to the next x       8 inner extent          12, 13 one and zero
;    1, 2, 3 x, y, out       5 bytes to the next y       9, 10, 11 the strides   14, 15 the flags of y and x, "N" or "T"
;    6 bytes to the next out 7 columns of out            of rows of y, x, out    16 rows in all, 17 rows of each product
;   18 columns of y before it is transposed here, 0 if it is not
;
; A BLAS is column-major: what it sees is every matrix transposed, so it is asked for op(y).T @ op(x).T.

%Arguments = type [19 x i64]

define void @vtrace_gemm(ptr %a, i64 %start, i64 %stop) {
entry:
  %routine = load ptr, ptr %a
  %x.p = getelementptr %Arguments, ptr %a, i32 0, i32 1
  %y.p = getelementptr %Arguments, ptr %a, i32 0, i32 2
  %out.p = getelementptr %Arguments, ptr %a, i32 0, i32 3
  %x.step.p = getelementptr %Arguments, ptr %a, i32 0, i32 4
  %y.step.p = getelementptr %Arguments, ptr %a, i32 0, i32 5
  %out.step.p = getelementptr %Arguments, ptr %a, i32 0, i32 6
  %columns.p = getelementptr %Arguments, ptr %a, i32 0, i32 7
  %inner.p = getelementptr %Arguments, ptr %a, i32 0, i32 8
  %y.stride.p = getelementptr %Arguments, ptr %a, i32 0, i32 9
  %x.stride.p = getelementptr %Arguments, ptr %a, i32 0, i32 10
  %out.stride.p = getelementptr %Arguments, ptr %a, i32 0, i32 11
  %one.p = getelementptr %Arguments, ptr %a, i32 0, i32 12
  %zero.p = getelementptr %Arguments, ptr %a, i32 0, i32 13
  %y.flag.p = getelementptr %Arguments, ptr %a, i32 0, i32 14
  %x.flag.p = getelementptr %Arguments, ptr %a, i32 0, i32 15
  %rows.p = getelementptr %Arguments, ptr %a, i32 0, i32 16
  %block.p = getelementptr %Arguments, ptr %a, i32 0, i32 17
  %width.p = getelementptr %Arguments, ptr %a, i32 0, i32 18
  %x.first = load ptr, ptr %x.p
  %y.first = load ptr, ptr %y.p
  %out.first = load ptr, ptr %out.p
  %x.step = load i64, ptr %x.step.p
  %y.step = load i64, ptr %y.step.p
  %out.step = load i64, ptr %out.step.p
  %columns = load i64, ptr %columns.p
  %rows = load i64, ptr %rows.p
  %block = load i64, ptr %block.p
  %width = load i64, ptr %width.p
  %elements = mul i64 %width, %columns
  %scratch = alloca WORD, i64 %elements, align 64
  %height = alloca i64
  br label %next
next:
  %n = phi i64 [ %start, %entry ], [ %n.next, %multiply ]
  %more = icmp slt i64 %n, %stop
  br i1 %more, label %one, label %done
one:
  %x.offset = mul i64 %n, %x.step
  %y.offset = mul i64 %n, %y.step
  %out.offset = mul i64 %n, %out.step
  %x = getelementptr i8, ptr %x.first, i64 %x.offset
  %y = getelementptr i8, ptr %y.first, i64 %y.offset
  %out = getelementptr i8, ptr %out.first, i64 %out.offset
  %before = mul i64 %n, %block
  %left = sub i64 %rows, %before
  %mine = call i64 @llvm.smin.i64(i64 %left, i64 %block)
  store i64 %mine, ptr %height
  %turned = icmp ne i64 %width, 0
  br i1 %turned, label %row, label %multiply
row:
  %i = phi i64 [ 0, %one ], [ %i.next, %row.end ]
  %y.row.start = mul i64 %i, %width
  br label %column
column:
  %j = phi i64 [ 0, %row ], [ %j.next, %column ]
  %from = add i64 %y.row.start, %j
  %to.row = mul i64 %j, %columns
  %to = add i64 %to.row, %i
  %from.p = getelementptr WORD, ptr %y, i64 %from
  %to.p = getelementptr WORD, ptr %scratch, i64 %to
  %element = load WORD, ptr %from.p
  store WORD %element, ptr %to.p
  %j.next = add i64 %j, 1
  %in.row = icmp slt i64 %j.next, %width
  br i1 %in.row, label %column, label %row.end
row.end:
  %i.next = add i64 %i, 1
  %in.matrix = icmp slt i64 %i.next, %columns
  br i1 %in.matrix, label %row, label %multiply
multiply:
  %y.used = phi ptr [ %y, %one ], [ %scratch, %row.end ]
  call void %routine(ptr %y.flag.p, ptr %x.flag.p, ptr %columns.p, ptr %height, ptr %inner.p, ptr %one.p, ptr %y.used, ptr %y.stride.p, ptr %x, ptr %x.stride.p, ptr %zero.p, ptr %out, ptr %out.stride.p)
  %n.next = add i64 %n, 1
  br label %next
done:
  ret void
}

declare i64 @llvm.smin.i64(i64, i64)
