; What a loop that may never end calls now and then: has somebody asked the kernel to stop?
;
; Signals are handled by Python's main thread alone, so only there is Python asked, and at most ten times a second, as it
; takes the GIL. The main thread then raises the flag in the fault record, which all the others look at. The exception
; that the signal's handler raised is kept until the kernel has returned.

%Watch = type { i64, ptr, ptr, ptr, ptr, i64, [3 x ptr] }
; fields: 0 the main thread, 1 PyGILState_Ensure, 2 PyGILState_Release, 3 PyErr_CheckSignals, 4 PyErr_Fetch,
;         5 when to ask again (in milliseconds), 6 the exception: type, value, traceback

@vtrace_watch = global %Watch zeroinitializer

declare i64 @pthread_self()
declare i32 @clock_gettime(i32, ptr)

; Whether the kernel with this fault record is to stop.
define i64 @vtrace_poll(ptr %record) {
  %time = alloca [2 x i64]
  %stopped.p = getelementptr i64, ptr %record, i64 6
  %stopped = load atomic i64, ptr %stopped.p seq_cst, align 8
  %is.stopped = icmp ne i64 %stopped, 0
  br i1 %is.stopped, label %stop, label %who
who:
  %self = call i64 @pthread_self()
  %main = load i64, ptr @vtrace_watch
  %is.main = icmp eq i64 %self, %main
  br i1 %is.main, label %when, label %go.on
when:
  call i32 @clock_gettime(i32 6, ptr %time)
  %seconds = load i64, ptr %time
  %nanoseconds.p = getelementptr i64, ptr %time, i64 1
  %nanoseconds = load i64, ptr %nanoseconds.p
  %whole = mul i64 %seconds, 1000
  %part = udiv i64 %nanoseconds, 1000000
  %now = add i64 %whole, %part
  %next.p = getelementptr %Watch, ptr @vtrace_watch, i32 0, i32 5
  %next = load i64, ptr %next.p
  %early = icmp slt i64 %now, %next
  br i1 %early, label %go.on, label %ask
ask:
  %later = add i64 %now, 100
  store i64 %later, ptr %next.p
  %ensure.p = getelementptr %Watch, ptr @vtrace_watch, i32 0, i32 1
  %release.p = getelementptr %Watch, ptr @vtrace_watch, i32 0, i32 2
  %check.p = getelementptr %Watch, ptr @vtrace_watch, i32 0, i32 3
  %ensure = load ptr, ptr %ensure.p
  %release = load ptr, ptr %release.p
  %check = load ptr, ptr %check.p
  %gil = call i32 %ensure()
  %raised = call i32 %check()
  %nothing = icmp eq i32 %raised, 0
  br i1 %nothing, label %leave, label %keep
keep:
  %fetch.p = getelementptr %Watch, ptr @vtrace_watch, i32 0, i32 4
  %fetch = load ptr, ptr %fetch.p
  %type.p = getelementptr %Watch, ptr @vtrace_watch, i32 0, i32 6, i32 0
  %value.p = getelementptr %Watch, ptr @vtrace_watch, i32 0, i32 6, i32 1
  %traceback.p = getelementptr %Watch, ptr @vtrace_watch, i32 0, i32 6, i32 2
  call void %fetch(ptr %type.p, ptr %value.p, ptr %traceback.p)
  store atomic i64 1, ptr %stopped.p seq_cst, align 8
  br label %leave
leave:
  call void %release(i32 %gil)
  br i1 %nothing, label %go.on, label %stop
stop:
  ret i64 1
go.on:
  ret i64 0
}
