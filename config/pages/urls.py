"""The addresses of the patient page."""

from django.urls import path
from django.views.i18n import set_language

from config.pages import account, appointments, booking, follow, front

app_name = "pages"

urlpatterns = [
    path("", front.home, name="home"),
    path("language/", set_language, name="language"),
    path("sign-up/", account.sign_up, name="sign_up"),
    path("sign-in/", account.SignIn.as_view(), name="sign_in"),
    path("sign-out/", account.sign_out, name="sign_out"),
    path("sessions/", booking.sessions, name="sessions"),
    path("sessions/<int:pk>/", booking.book, name="book"),
    path("appointments/<int:pk>/", appointments.appointment, name="appointment"),
    path("appointments/<int:pk>/story/", appointments.fragment, name="story"),
    path("appointments/<int:pk>/trial/", appointments.ask_for_trial, name="trial"),
    path("appointments/<int:pk>/settle/", appointments.settle, name="settle"),
    path("appointments/<int:pk>/credential/", appointments.hand_in, name="credential"),
    path("appointments/<int:pk>/cancel/", appointments.cancel, name="cancel"),
    path("appointments/<int:pk>/give-up/", appointments.give_up, name="give_up"),
    path("appointments/<int:pk>/follow/", follow.start, name="follow_start"),
    path("appointments/<int:pk>/unfollow/", follow.stop, name="follow_stop"),
    path("follow/<str:token>/", follow.follow, name="follow"),
    path("follow/<str:token>/story/", follow.fragment, name="follow_story"),
    path("appointments/<int:pk>/receipt/", appointments.receipt, name="receipt"),
]
