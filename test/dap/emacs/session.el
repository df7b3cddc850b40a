;;; session.el --- A debug session in Emacs, by dap-mode  -*- lexical-binding: t; -*-

;; emacs --batch -Q -l session.el -- NODE CLI SCRIPT CAPTURE REGISTERS SCRATCH
;; Debugs SCRIPT, then CAPTURE, with the adapter that "NODE CLI dap" starts, and prints what Emacs knows on the way.
;; SCRATCH is a folder for what dap-mode keeps.

(let ((default-directory "/usr/share/emacs/site-lisp/elpa/"))
  (normal-top-level-add-subdirs-to-load-path))

(pcase-let ((`(,node ,cli ,script ,capture ,registers ,scratch) (cdr (member "--" command-line-args))))
  (defvar session-node node)
  (defvar session-cli cli)
  (defvar session-script script)
  (defvar session-capture capture)
  (defvar session-registers registers)
  (setq user-emacs-directory (file-name-as-directory scratch)
        dap-breakpoints-file (expand-file-name "breakpoints" scratch)
        lsp-session-file (expand-file-name "lsp-session" scratch)
        command-line-args-left nil))

(require 'dap-mode)
;; It has the choice of exceptions, which dap-mode takes for granted.
(require 'dap-ui)

(defun session-say (format &rest arguments)
  "Print a line of the transcript: FORMAT with ARGUMENTS."
  (princ (concat (apply #'format format arguments) "\n")))

(defun session-wait (what condition)
  "Let processes run until the function CONDITION answers; fail naming WHAT when it does not."
  (let ((end (+ (float-time) 20)) answer)
    (while (not (or (setq answer (funcall condition)) (> (float-time) end)))
      (accept-process-output nil 0.05))
    (or answer (error "Waited in vain for %s" what))))

(defvar session-told nil "What dap-mode showed to the user last.")
(advice-add 'lsp--error :override
            (lambda (format &rest arguments) (setq session-told (apply #'format format arguments))))
(advice-add 'dap-overlays--display-interactive-eval-result :override
            (lambda (value &rest _) (setq session-told value)))

(defun session-stop (session)
  "Wait until SESSION has stopped and its stack is known, and say where and why."
  (let* ((thread (session-wait "a stop" (lambda () (dap--debug-session-thread-id session))))
         (frame (session-wait "a stack" (lambda () (dap--debug-session-active-frame session)))))
    (session-say "stopped (%s) at line %d: %s"
                 (gethash thread (dap--debug-session-thread-states session))
                 (gethash "line" frame)
                 (gethash "name" frame))))

(defun session-stack (session)
  "Say the stack of SESSION, innermost frame first."
  (dolist (frame (gethash (dap--debug-session-thread-id session)
                          (dap--debug-session-thread-stack-frames session)))
    (session-say "  %s, line %d" (gethash "name" frame) (gethash "line" frame))))

(defun session-variables (session scope)
  "Say the variables of the SCOPE named so in the innermost frame of SESSION."
  (let ((id (gethash "id" (dap--debug-session-active-frame session))))
    (dolist (one (gethash "scopes" (dap-request session "scopes" :frameId id)))
      (when (string= (gethash "name" one) scope)
        (let* ((reference (gethash "variablesReference" one))
               (body (dap-request session "variables" :variablesReference reference)))
          (dolist (variable (gethash "variables" body))
            (session-say "  %s = %s" (gethash "name" variable) (gethash "value" variable))))))))

(defun session-evaluate (expression)
  "Evaluate EXPRESSION as a user of dap-mode does, and answer what is shown."
  (setq session-told nil)
  (dap-eval expression)
  (session-wait "a value" (lambda () session-told)))

(defun session-go (session move)
  "MOVE SESSION by a command of dap-mode and say where it stopped."
  (funcall move session)
  (session-stop session))

;; A breakpoint, set where the user sees the script.
(find-file session-script)
(goto-char (point-min))
(search-forward "dma nic write")
(dap-breakpoint-add)
(session-say "breakpoint at line %d" (line-number-at-pos))

(dap-register-debug-provider "smmuv3" #'identity)

(defun session-begin (&rest launch)
  "Debug what LAUNCH names, and answer the session once it has stopped."
  (dap-debug (append (list :type "smmuv3"
                           :request "launch"
                           :name "smmu"
                           :dap-server-path (list session-node session-cli "dap"))
                     launch))
  (let ((session (session-wait "the session" #'dap--cur-session)))
    (session-stop session)
    session))

;; A script, to its end.
(let* ((session (session-begin :program session-script))
       (continue (lambda (of) (dap-continue of (dap--debug-session-thread-id of))))
       (output (dap--debug-session-output-buffer session)))
  (session-go session continue)
  (session-go session #'dap-step-in)
  (session-go session #'dap-step-in)
  (session-stack session)
  (session-variables session "Transaction")
  ;; What the first command does; there may be ever more of them.
  (session-say "help: %s" (nth 1 (split-string (session-evaluate "help") "\n")))
  (session-say "ste(8): %s" (session-evaluate "ste(8)"))
  (session-say "nonsense(8): %s" (car (split-string (session-evaluate "nonsense(8)") "[;,]")))
  (session-go session #'dap-step-out)
  (session-go session #'dap-next)
  (setq session-told nil)
  (session-go session continue)
  (session-say "%s" (session-wait "the exception" (lambda () session-told)))
  (funcall continue session)
  (session-wait "the end" (lambda () (eq (dap--debug-session-state session) 'terminated)))
  (session-say "terminated; the adapter said:")
  (session-say "%s" (string-trim-right (with-current-buffer output (buffer-string)))))

;; A memory dump, and Emacs leaves in the middle.
(let ((session (session-begin :capture session-capture
                              :registers session-registers
                              :enableQueue t)))
  (session-go session #'dap-next)
  (session-go session #'dap-step-in)
  (session-variables session "Pending")
  (dap-disconnect session)
  (session-wait "the adapter's end" (lambda () (not (process-live-p (dap--debug-session-proc session)))))
  (session-say "disconnected; the adapter ended with status %d"
               (process-exit-status (dap--debug-session-proc session))))

;;; session.el ends here
