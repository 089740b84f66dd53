"""The starter set: small real tasks made by code, and two systems that answer them."""
